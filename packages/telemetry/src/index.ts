export type { AttributeDeclaration, InstrumentKind, MetricDeclaration, MetricSource } from "./declaration.ts";
export {
  METRICS,
  type MetricAttributes,
  type MetricName,
  metricAttributes,
  metricDeclaration,
} from "./metrics.ts";
export { prometheusFamily, prometheusLabel, prometheusName, prometheusUnit } from "./prometheus-name.ts";
