import type { HandlerContext } from "@connectrpc/connect";
import type { ListMetricsRequest } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import { byName } from "../by-name.ts";
import type { Dependencies } from "../dependencies.ts";

/** Makes the handler of MetricService.ListMetrics. */
export function createListMetrics({ projects }: Dependencies) {
  return async function listMetrics(request: ListMetricsRequest, context: HandlerContext) {
    const { definitions } = await projects.get(projectOf(getPrincipal(context), request.projectId));
    return { metrics: definitions.metrics.toSorted(byName) };
  };
}
