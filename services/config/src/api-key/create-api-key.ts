import type { HandlerContext } from "@connectrpc/connect";
import type { CreateApiKeyRequest } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { allowedOriginsOf } from "./allowed-origins.ts";
import { issueKey } from "./issue-key.ts";

/** Makes the handler of ApiKeyService.CreateApiKey. */
export function createCreateApiKey(dependencies: Dependencies) {
  return async function createApiKey(request: CreateApiKeyRequest, context: HandlerContext) {
    const { projectId: requested, displayName, scopes, allowedOrigins: origins } = request.apiKey!;
    const principal = getPrincipal(context);
    // Only a key of the account makes keys of the account; a project's key means its own project.
    const projectId = principal.projectId === undefined ? requested : projectOf(principal, requested);
    const allowedOrigins = allowedOriginsOf({ projectId, scopes, allowedOrigins: origins });
    if (projectId !== "") await dependencies.projects.get(projectId);
    return await issueKey(dependencies, { projectId, displayName, scopes, allowedOrigins });
  };
}
