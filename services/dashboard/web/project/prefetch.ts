import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { createQueryOptions } from "@connectrpc/connect-query";
import { ListProjectsResponseSchema, ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { GetCatalogResponseSchema, ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { QueryClient } from "@tanstack/react-query";
import { transport } from "../rpc/transport.ts";
import { type EarlyAnswers, PROJECTS_MAX, wantedProject } from "./early.ts";

/** A page and its server may be of different ages. */
const LENIENT = { ignoreUnknownFields: true };

/** Gets what every view needs before anything is drawn, as far as it was asked early from there. Only for who is signed in. */
export async function prefetchWorkspace(client: QueryClient, early: EarlyAnswers | undefined): Promise<void> {
  const list = createQueryOptions(ProjectService.method.listProjects, { pageSize: PROJECTS_MAX }, { transport });
  void client.prefetchQuery({
    ...list,
    async queryFn(context) {
      const answer = (await early?.projects) as JsonValue | undefined;
      return answer === undefined ? list.queryFn(context) : fromJson(ListProjectsResponseSchema, answer, LENIENT);
    },
  });
  const projectId = wantedProject() ?? (await early?.catalog)?.projectId;
  if (projectId === undefined) return;
  const catalog = createQueryOptions(ReportingService.method.getCatalog, { projectId }, { transport });
  void client.prefetchQuery({
    ...catalog,
    async queryFn(context) {
      const answer = (await early?.catalog)?.answer as JsonValue | undefined;
      return answer === undefined ? catalog.queryFn(context) : fromJson(GetCatalogResponseSchema, answer, LENIENT);
    },
  });
}
