import {
  METRICS,
  type MetricDeclaration,
  type MetricName,
  type MetricSource,
  metricDeclaration,
  prometheusLabel,
  prometheusName,
  prometheusUnit,
} from "@millrace/telemetry";

/** A metric as `/metrics` shows it. */
export type ShownMetric = {
  type: string;
  help: string;
  unit: string | undefined;
  readonly labels: { readonly [label: string]: string }[];
};

/** What belongs to every series, or to Prometheus' own form. */
const ALWAYS = new Set(["service_name", "service_namespace", "le"]);

/** Reads Prometheus' text. */
export function readMetrics(text: string): ReadonlyMap<string, ShownMetric> {
  const metrics = new Map<string, ShownMetric>();
  const named = (name: string) => {
    const known = metrics.get(name) ?? { type: "", help: "", unit: undefined, labels: [] };
    metrics.set(name, known);
    return known;
  };
  for (const line of text.split("\n")) {
    const [, what, name = "", rest = ""] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (what === "HELP") named(name).help = rest;
    if (what === "TYPE") named(name).type = rest;
    if (what === "UNIT") named(name).unit = rest;
    const [, series, labels = ""] = /^([a-z]\w*)(?:\{(.*)\})? \S+$/i.exec(line) ?? [];
    if (series === undefined) continue;
    const family = metrics.has(series) ? series : series.replace(/_(bucket|sum|count)$/, "");
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label, value]);
    named(family).labels.push(Object.fromEntries(pairs));
  }
  metrics.delete("target_info");
  return metrics;
}

/** What is wrong with the metrics of a process, in sentences: undeclared, missing, or told otherwise than declared. */
export function metricProblems(text: string, sources: readonly MetricSource[], hasServers: boolean): string[] {
  const shown = readMetrics(text);
  const declared = new Map(
    (Object.keys(METRICS) as MetricName[]).map((name) => {
      const declaration = metricDeclaration(name);
      return [prometheusName(name, declaration), declaration] as const;
    }),
  );
  const problems: string[] = [];
  for (const name of shown.keys()) if (!declared.has(name)) problems.push(`${name} is shown, and not declared`);
  for (const [name, declaration] of declared) {
    const metric = shown.get(name);
    const isFrom = declaration.from.some((source) => sources.includes(source));
    if (metric !== undefined && !isFrom) problems.push(`${name} is shown by ${sources}, and not declared for it`);
    const isRare = isRareIn(declaration, sources) || (declaration.only === "servers" && !hasServers);
    if (metric === undefined && isFrom && !isRare) problems.push(`${name} is declared for ${sources}, and not shown`);
    if (metric !== undefined) problems.push(...differences(name, metric, declaration));
  }
  return problems;
}

function isRareIn({ rare, from }: MetricDeclaration, sources: readonly MetricSource[]): boolean {
  if (rare === undefined || rare === true) return rare === true;
  return from.every((source) => !sources.includes(source) || rare.includes(source));
}

function differences(name: string, metric: ShownMetric, { kind, unit, meaning, attributes }: MetricDeclaration) {
  const problems: string[] = [];
  const type = kind.endsWith("counter") ? "counter" : kind === "histogram" ? "histogram" : "gauge";
  if (metric.type !== type) problems.push(`${name} is a ${metric.type}, not a ${type}`);
  if (metric.help !== meaning) problems.push(`${name} is told as "${metric.help}"`);
  if (metric.unit !== prometheusUnit(unit)) problems.push(`${name} has the unit ${metric.unit}`);
  const known = new Map(attributes.map((attribute) => [prometheusLabel(attribute.name), attribute]));
  for (const labels of metric.labels) {
    for (const [label, value] of Object.entries(labels)) {
      if (ALWAYS.has(label)) continue;
      const attribute = known.get(label);
      if (attribute === undefined) problems.push(`${name} has the label ${label}`);
      else if (attribute.values?.includes(value) === false) problems.push(`${name} has ${label}="${value}"`);
    }
    for (const label of known.keys()) if (!(label in labels)) problems.push(`${name} lacks ${label} in a series`);
  }
  return [...new Set(problems)];
}

/** How many series there are. */
export function seriesCount(text: string): number {
  return text.split("\n").filter((line) => /^[a-z]/i.test(line)).length;
}
