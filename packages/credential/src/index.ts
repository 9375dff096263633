export {
  createApiKey,
  hashSecret,
  maskApiKey,
  type NewApiKey,
  type ParsedApiKey,
  parseApiKey,
  secretMatches,
} from "./api-key.ts";
export { toBase62 } from "./base62.ts";
export { CREDENTIALS_FILE, type Credentials, readCredentials, writeCredentials } from "./credentials-file.ts";
