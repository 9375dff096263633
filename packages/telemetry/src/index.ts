export type { AttributeDeclaration, InstrumentKind, MetricDeclaration } from "./declaration.ts";
export { counter, histogram, observe, observeOne, upDownCounter } from "./instruments.ts";
export {
  type MetricAttributes,
  type MetricName,
  type MetricNameOf,
  metricAttributes,
  metricDeclaration,
} from "./metric-name.ts";
export { METRICS } from "./metrics.ts";
export { prometheusFamily, prometheusLabel, prometheusName, prometheusUnit } from "./prometheus-name.ts";
export type { MetricSource } from "./sources.ts";
export {
  activeCause,
  causeOf,
  failSpan,
  inOwnTrace,
  inSpan,
  isTraced,
  spanContextOf,
  startShared,
  traceparentOf,
  within,
} from "./spans.ts";
