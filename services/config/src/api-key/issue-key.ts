import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { type ApiKey, ApiKeySchema } from "@millrace/api/millrace/config/v1/api_key_pb";
import { createApiKey, type NewApiKey } from "@millrace/credential";
import type { Dependencies } from "../dependencies.ts";
import { isStale } from "../store/put-settled.ts";

/** What a key is for. `projectId` is "" for a key of the account. */
export type KeyGrant = Pick<ApiKey, "projectId" | "displayName" | "scopes"> & Partial<Pick<ApiKey, "allowedOrigins">>;

const ATTEMPTS_MAX = 3;
const SCOPE_NAMES = new Map<Scope, string>(Object.entries(Scope).map(([name, scope]) => [scope, name.toLowerCase()]));

/** Makes a key with a secret of its own and stores it. The text is not to be had again. */
export async function issueKey(
  dependencies: Pick<Dependencies, "keys" | "clock" | "random" | "log">,
  grant: KeyGrant,
): Promise<{ apiKey: ApiKey; text: string }> {
  for (let attempt = 1; ; attempt++) {
    const key = createApiKey(dependencies.random);
    try {
      return { apiKey: await storeKey(dependencies, key, grant), text: key.text };
    } catch (error) {
      // The id is taken; 64 random bits make it most unlikely once.
      if (!isStale(error) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/** Stores a key that exists; fails with `stale` when its id is taken. */
export async function storeKey(
  { keys, clock, log }: Pick<Dependencies, "keys" | "clock" | "log">,
  { keyId, secretHash }: Pick<NewApiKey, "keyId" | "secretHash">,
  grant: KeyGrant,
): Promise<ApiKey> {
  const scopes = [...grant.scopes].sort((a, b) => a - b);
  const apiKey = create(ApiKeySchema, { ...grant, scopes, keyId, createTime: timestampFromMs(clock()) });
  await keys.create(apiKey, secretHash);
  const scopeNames = scopes.map((scope) => SCOPE_NAMES.get(scope));
  log.info({ keyId, projectId: apiKey.projectId, scopes: scopeNames }, "an API key was created");
  return apiKey;
}
