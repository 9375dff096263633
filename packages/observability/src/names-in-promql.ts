import { METRICS, type MetricName, metricAttributes, prometheusLabel, prometheusName } from "@millrace/telemetry";

/** What a question names: metrics of ours, and whatever else looks like a metric. */
export type NamesInPromql = { readonly metrics: ReadonlySet<MetricName>; readonly unknown: readonly string[] };

/** What Prometheus itself knows, and what its exporter adds. */
const BUILT_IN: ReadonlySet<string> = new Set(["up", "ALERTS", "target_info"]);
const RECORDED = /^namespace:millrace_/;
const SUFFIXES = /_(bucket|sum|count)$/;

/** Finds the metrics that a question in PromQL names: what stands before a selector, or by itself. */
export function namesInPromql(expr: string): NamesInPromql {
  const metrics = new Set<MetricName>();
  const unknown: string[] = [];
  for (const name of seriesIn(expr)) {
    const metric = BY_SERIES.get(name) ?? histogramOf(name);
    if (metric !== undefined) metrics.add(metric);
    else if (!BUILT_IN.has(name) && !RECORDED.test(name)) unknown.push(name);
  }
  return { metrics, unknown };
}

/** The labels that series of a metric have of their own. */
export function labelsOf(metric: MetricName): string[] {
  return metricAttributes(metric).map(({ name }) => prometheusLabel(name));
}

const NAMES = Object.keys(METRICS) as MetricName[];
const BY_SERIES: ReadonlyMap<string, MetricName> = new Map(
  NAMES.filter((name) => METRICS[name].kind !== "histogram").map((name) => [prometheusName(name, METRICS[name]), name]),
);

function histogramOf(series: string): MetricName | undefined {
  if (!SUFFIXES.test(series)) return undefined;
  const family = series.replace(SUFFIXES, "");
  return NAMES.find((name) => METRICS[name].kind === "histogram" && prometheusName(name, METRICS[name]) === family);
}

/** Words of a question that are neither functions, nor operators, nor labels. */
function seriesIn(expr: string): string[] {
  const plain = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, "")
    .replaceAll(/\{[^}]*\}/g, "{}")
    .replaceAll(/\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)/g, " ")
    .replaceAll(/\[[^\]]*\]/g, "");
  const words = plain.matchAll(/(?<![\w:.])[A-Za-z_:][\w:]*(?!\s*\(|[\w:])/g);
  return [...words].map(([word]) => word).filter((word) => !OPERATORS.has(word));
}

const OPERATORS: ReadonlySet<string> = new Set(["and", "or", "unless", "offset", "bool", "inf", "nan"]);
