import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import type { CreateMetricRequest } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { Failure } from "@millrace/failure";
import { FIRST_OWN_NUMBER } from "@millrace/rollup";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { revise } from "../project/next-revision.ts";
import { checkMetric } from "./check-metric.ts";

const METRICS_MAX = 200;

/** Makes the handler of MetricService.CreateMetric. */
export function createCreateMetric({ projects, clock, processingVersion }: Dependencies) {
  return async function createMetric(request: CreateMetricRequest, context: HandlerContext) {
    const projectId = projectOf(getPrincipal(context), request.metric!.projectId);
    const checked = checkMetric(request.metric!);
    const { definitions } = await projects.change(projectId, (before) => {
      const nowMs = clock();
      const metric = numbered(checked, before.definitions, nowMs);
      return revise(before, { nowMs, processingVersion }, (next) => {
        next.metrics.push(metric);
      });
    });
    return { metric: definitions.metrics.find(({ name }) => name === checked.name)! };
  };
}

function numbered(checked: Metric, { projectId, metrics }: Definitions, nowMs: number): Metric {
  if (metrics.some(({ name }) => name === checked.name)) {
    const message = `project ${JSON.stringify(projectId)} has a metric ${JSON.stringify(checked.name)} already`;
    throw new Failure("exists", "METRIC_EXISTS", message);
  }
  if (metrics.length >= METRICS_MAX) {
    const message = `project ${JSON.stringify(projectId)} has ${metrics.length} metrics; ${METRICS_MAX} is the limit`;
    throw new Failure("precondition", "LIMIT_REACHED", message);
  }
  const metric = clone(MetricSchema, checked);
  metric.projectId = projectId;
  // Metrics are never removed, so the next number was never used.
  metric.number = Math.max(FIRST_OWN_NUMBER - 1, ...metrics.map(({ number }) => number)) + 1;
  metric.createTime = timestampFromMs(nowMs);
  return metric;
}
