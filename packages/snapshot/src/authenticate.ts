import { parseApiKey, secretMatches } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { LiveCache } from "./live-cache.ts";
import type { Credential, KeyHolder } from "./origin.ts";

/** Makes the check of an API key's text against the credentials that are known. */
export function createAuthenticate(credentials: LiveCache<Credential>) {
  return async function authenticate(text: string | undefined, signal?: AbortSignal): Promise<KeyHolder> {
    if (text === undefined || text === "") {
      const how = 'send it as "authorization: Bearer KEY" or "x-api-key: KEY"';
      throw new Failure("unauthenticated", "CREDENTIAL_MISSING", `the call carries no API key; ${how}`);
    }
    const { keyId, secret } = parseApiKey(text);
    const credential = await credentials.get(keyId, signal).catch((error: unknown) => {
      throw error instanceof Failure && error.kind === "notFound" ? unknown(keyId, error) : error;
    });
    // The secret first: whoever has only a key's id learns nothing of the key.
    if (!secretMatches(secret, credential.secretHash)) throw unknown(keyId);
    if (credential.revoked) {
      throw new Failure("unauthenticated", "CREDENTIAL_REVOKED", `the API key "${keyId}" was revoked`);
    }
    return credential.holder;
  };
}

function unknown(keyId: string, cause?: unknown): Failure {
  const message = `there is no API key "${keyId}" with this secret`;
  return new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", message, { cause });
}
