import { Failure } from "@millrace/failure";
import type { Principal } from "@millrace/runtime";
import type { ApiKeyRecords, StoredApiKey } from "../store/api-key-records.ts";

/**
 * The key, if the caller may manage it: a key of the account manages all keys, a project's key those of its project.
 *
 * @throws Failure `notFound` (API_KEY_NOT_FOUND), also for keys that are not the caller's to see
 */
export async function managedKey(keys: ApiKeyRecords, principal: Principal, keyId: string): Promise<StoredApiKey> {
  const key = await keys.find(keyId);
  const own = principal.projectId;
  if (key !== undefined && (own === undefined || own === key.apiKey.projectId)) return key;
  throw new Failure("notFound", "API_KEY_NOT_FOUND", `API key ${JSON.stringify(keyId)} does not exist`);
}
