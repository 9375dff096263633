import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ApiKeySchema } from "@millrace/api/millrace/config/v1/api_key_pb";
import type { RevokeApiKeyRequest } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { getPrincipal } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { isStale } from "../store/put-settled.ts";
import { managedKey } from "./managed-key.ts";

const ATTEMPTS_MAX = 5;

/** Makes the handler of ApiKeyService.RevokeApiKey. */
export function createRevokeApiKey({ keys, clock, log }: Dependencies) {
  return async function revokeApiKey(request: RevokeApiKeyRequest, context: HandlerContext) {
    for (let attempt = 1; ; attempt++) {
      const before = await managedKey(keys, getPrincipal(context), request.keyId);
      if (before.apiKey.revokeTime !== undefined) return { apiKey: before.apiKey };
      const revoked = clone(ApiKeySchema, before.apiKey);
      revoked.revokeTime = timestampFromMs(clock());
      try {
        await keys.replace(before, revoked);
        log.info({ keyId: request.keyId, projectId: revoked.projectId }, "an API key was revoked");
        return { apiKey: revoked };
      } catch (error) {
        if (!isStale(error) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  };
}
