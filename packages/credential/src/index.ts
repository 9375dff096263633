export {
  createApiKey,
  hashSecret,
  maskApiKey,
  type NewApiKey,
  type ParsedApiKey,
  parseApiKey,
  secretMatches,
} from "./api-key.ts";
export { CREDENTIALS_FILE, type Credentials, readCredentials, writeCredentials } from "./credentials-file.ts";
