export {
  createApiKey,
  hashSecret,
  maskApiKey,
  type NewApiKey,
  type ParsedApiKey,
  parseApiKey,
  secretMatches,
} from "./api-key.ts";
