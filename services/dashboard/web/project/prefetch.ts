import { createQueryOptions } from "@connectrpc/connect-query";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { QueryClient } from "@tanstack/react-query";
import { transport } from "../rpc/transport.ts";
import { readView } from "../url/view.ts";
import { rememberedProject } from "./remembered-project.ts";

/** How many projects are listed. */
export const PROJECTS_MAX = 1_000;

/** Asks for what every view needs while it is still being found out who is signed in. */
export function prefetchWorkspace(client: QueryClient): void {
  const projectId = readView(new URLSearchParams(location.search)).project ?? rememberedProject();
  const list = createQueryOptions(ProjectService.method.listProjects, { pageSize: PROJECTS_MAX }, { transport });
  // Who is not signed in is told so elsewhere.
  void client.prefetchQuery({ ...list, retry: false });
  if (projectId === undefined) return;
  const catalog = createQueryOptions(ReportingService.method.getCatalog, { projectId }, { transport });
  void client.prefetchQuery({ ...catalog, retry: false });
}
