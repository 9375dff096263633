import type { HandlerContext } from "@connectrpc/connect";
import type { Project } from "@millrace/api/millrace/config/v1/project_pb";
import type { ListProjectsRequest } from "@millrace/api/millrace/config/v1/project_service_pb";
import { getPrincipal } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { fromPageToken, pageSize, toPageToken } from "../page-token.ts";
import { presentProject } from "./present-project.ts";

/** Makes the handler of ProjectService.ListProjects. */
export function createListProjects({ projects }: Dependencies) {
  return async function listProjects(request: ListProjectsRequest, context: HandlerContext) {
    const { projectId: own } = getPrincipal(context);
    const question = ["ListProjects", own ?? ""];
    const after = fromPageToken(question, request.pageToken);
    if (own !== undefined) {
      const stored = after < own ? await projects.find(own) : undefined;
      return { projects: stored === undefined ? [] : [presentProject(stored)], nextPageToken: "" };
    }
    const limit = pageSize(request.pageSize);
    const page: Project[] = [];
    for await (const stored of projects.list(after, limit)) page.push(presentProject(stored));
    const nextPageToken = page.length < limit ? "" : toPageToken(question, page.at(-1)!.projectId);
    return { projects: page, nextPageToken };
  };
}
