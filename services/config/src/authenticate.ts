import { parseApiKey, secretMatches } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { Authenticate } from "@millrace/runtime";
import type { ApiKeyRecords } from "./store/api-key-records.ts";

/** Makes the check of credentials for config's own server, straight from the records. */
export function createAuthenticate(keys: ApiKeyRecords): Authenticate {
  return async function authenticate(text) {
    if (text === undefined || text === "") {
      const how = 'send it as "authorization: Bearer KEY" or "x-api-key: KEY"';
      throw new Failure("unauthenticated", "CREDENTIAL_MISSING", `the call carries no API key; ${how}`);
    }
    const { keyId, secret } = parseApiKey(text);
    const key = await keys.find(keyId);
    if (key === undefined || !secretMatches(secret, key.secretHash)) {
      throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", `there is no API key "${keyId}" with this secret`);
    }
    if (key.apiKey.revokeTime !== undefined) {
      throw new Failure("unauthenticated", "CREDENTIAL_REVOKED", `the API key "${keyId}" was revoked`);
    }
    const { projectId, scopes, allowedOrigins } = key.apiKey;
    return { keyId, projectId: projectId === "" ? undefined : projectId, scopes: new Set(scopes), allowedOrigins };
  };
}
