export type { AttributeDeclaration, InstrumentKind, MetricDeclaration, MetricSource } from "./declaration.ts";
export { counter, histogram, observe, observeOne, upDownCounter } from "./instruments.ts";
export {
  METRICS,
  type MetricAttributes,
  type MetricName,
  metricAttributes,
  metricDeclaration,
} from "./metrics.ts";
export { prometheusFamily, prometheusLabel, prometheusName, prometheusUnit } from "./prometheus-name.ts";
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
