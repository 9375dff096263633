import type { HandlerContext } from "@connectrpc/connect";
import type { GetApiKeyRequest } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { getPrincipal } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { managedKey } from "./managed-key.ts";

/** Makes the handler of ApiKeyService.GetApiKey. */
export function createGetApiKey({ keys }: Dependencies) {
  return async function getApiKey(request: GetApiKeyRequest, context: HandlerContext) {
    const { apiKey } = await managedKey(keys, getPrincipal(context), request.keyId);
    return { apiKey };
  };
}
