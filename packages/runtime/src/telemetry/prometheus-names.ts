import { prometheusFamily, prometheusUnit } from "@millrace/telemetry";
import type { MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * The same metrics, named as Prometheus wants them: with the unit at the end, which the serializer leaves out. So they are
 * called the same whether they are scraped here or from an OpenTelemetry collector.
 */
export function withUnitsInNames(given: ResourceMetrics): ResourceMetrics {
  const scopeMetrics = given.scopeMetrics.map((each) => ({ ...each, metrics: each.metrics.map(renamed) }));
  return { ...given, scopeMetrics };
}

function renamed<Data extends MetricData>(metric: Data): Data {
  const { name, unit } = metric.descriptor;
  const descriptor = { ...metric.descriptor, name: prometheusFamily(name, unit), unit: prometheusUnit(unit) ?? "" };
  return { ...metric, descriptor };
}
