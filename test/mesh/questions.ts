import { RelativeRange_Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Mesh } from "@millrace/harness/mesh";

/** Today and yesterday, so that midnight does no harm. */
export const RECENTLY = { kind: { case: "relative" as const, value: { last: 2, unit: RelativeRange_Unit.DAY } } };

/** How often each page of a project was seen lately, as the front answers. */
export async function pageViews(mesh: Mesh, projectId = "demo"): Promise<ReadonlyMap<string, number>> {
  const query = { projectId, metrics: ["page_views"], dimensions: ["page"], timeRange: RECENTLY };
  const { result } = await mesh.client(ReportingService).query({ query });
  return new Map(
    result!.rows.map(({ values }) => [String(values[0]?.kind.value ?? ""), Number(values[1]?.kind.value ?? 0)]),
  );
}

/** A view of a page. */
export function view(path: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name: "page_view", userId: "ada", properties: { url: `https://example.org${path}` }, ...more };
}
