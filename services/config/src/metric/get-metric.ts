import type { HandlerContext } from "@connectrpc/connect";
import type { GetMetricRequest } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { hintAt } from "../nearest.ts";

/** Makes the handler of MetricService.GetMetric. */
export function createGetMetric({ projects }: Dependencies) {
  return async function getMetric({ projectId, name }: GetMetricRequest, context: HandlerContext) {
    const { metrics } = (await projects.get(projectOf(getPrincipal(context), projectId))).definitions;
    const metric = metrics.find((candidate) => candidate.name === name);
    if (metric !== undefined) return { metric };
    const names = metrics.map((candidate) => candidate.name);
    throw new Failure(
      "notFound",
      "METRIC_NOT_FOUND",
      `there is no metric ${JSON.stringify(name)}; ${hintAt(name, names)}`,
    );
  };
}
