import type { HandlerContext } from "@connectrpc/connect";
import type { CreateProjectRequest } from "@millrace/api/millrace/config/v1/project_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { newProject } from "./new-project.ts";
import { presentProject } from "./present-project.ts";

/** Makes the handler of ProjectService.CreateProject. */
export function createCreateProject({ projects, clock, processingVersion }: Dependencies) {
  return async function createProject(request: CreateProjectRequest, context: HandlerContext) {
    const { projectId: own } = getPrincipal(context);
    if (own !== undefined) {
      const message = `creating projects needs a key of the account; this key is of project ${JSON.stringify(own)}`;
      throw new Failure("denied", "SCOPE_MISSING", message);
    }
    const state = newProject(request.project!, { nowMs: clock(), processingVersion });
    return { project: presentProject(await projects.create(state)) };
  };
}
