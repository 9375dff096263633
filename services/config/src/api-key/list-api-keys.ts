import type { HandlerContext } from "@connectrpc/connect";
import type { ListApiKeysRequest } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { fromPageToken, pageSize, toPageToken } from "../page-token.ts";

/** Makes the handler of ApiKeyService.ListApiKeys. */
export function createListApiKeys({ keys, projects }: Dependencies) {
  return async function listApiKeys(request: ListApiKeysRequest, context: HandlerContext) {
    const principal = getPrincipal(context);
    const everything = principal.projectId === undefined && request.projectId === "";
    const projectId = everything ? "" : projectOf(principal, request.projectId);
    if (!everything) await projects.get(projectId);
    const question = ["ListApiKeys", projectId];
    const after = fromPageToken(question, request.pageToken);
    const limit = pageSize(request.pageSize);
    const page = everything ? await keys.list(after, limit) : await keys.listOf(projectId, after, limit);
    return {
      apiKeys: page.keys.map(({ apiKey }) => apiKey),
      nextPageToken: page.nextAfterId === undefined ? "" : toPageToken(question, page.nextAfterId),
    };
  };
}
