import { create } from "@bufbuild/protobuf";
import {
  type GetCredentialRequest,
  GetCredentialResponseSchema,
} from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { Failure } from "@millrace/failure";
import type { Dependencies } from "../dependencies.ts";

/** Makes the handler of SnapshotService.GetCredential. */
export function createGetCredential({ keys }: Dependencies) {
  return async function getCredential({ keyId }: GetCredentialRequest) {
    const key = await keys.find(keyId);
    if (key === undefined) {
      throw new Failure("notFound", "API_KEY_NOT_FOUND", `API key ${JSON.stringify(keyId)} does not exist`);
    }
    const { projectId, scopes, revokeTime, allowedOrigins } = key.apiKey;
    const { secretHash } = key;
    return create(GetCredentialResponseSchema, { keyId, projectId, scopes, revokeTime, secretHash, allowedOrigins });
  };
}
