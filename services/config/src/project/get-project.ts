import type { HandlerContext } from "@connectrpc/connect";
import type { GetProjectRequest } from "@millrace/api/millrace/config/v1/project_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { presentProject } from "./present-project.ts";

/** Makes the handler of ProjectService.GetProject. */
export function createGetProject({ projects }: Dependencies) {
  return async function getProject(request: GetProjectRequest, context: HandlerContext) {
    const stored = await projects.get(projectOf(getPrincipal(context), request.projectId));
    return { project: presentProject(stored) };
  };
}
