import type { AttributeDeclaration, MetricDeclaration } from "./declaration.ts";
import { type MetricName, metricDeclaration } from "./metric-name.ts";
import { METRICS } from "./metrics.ts";
import { prometheusLabel, prometheusName } from "./prometheus-name.ts";
import { ALL_SERVICES } from "./sources.ts";

const HEAD = `# Metrics

Written by \`npm run generate:metrics\` from [packages/telemetry/src/metrics.ts](../packages/telemetry/src/metrics.ts); a test fails where the two differ, and
another where a running service shows anything else.

Every service shows them on its admin port at \`/metrics\` in Prometheus' format, and sends them by OTLP where \`OTEL_*\` variables say so
([operating.md](operating.md#telemetry)). Both ways they have the same names: OpenTelemetry's, and in Prometheus with the unit at the end, \`_total\` for counters,
and \`_bucket\`, \`_sum\`, \`_count\` for histograms. Every series has the labels \`service_name\` (\`npm start\` is \`millrace\`, and shows those of all services) and \`service_namespace\`, which is \`millrace\`.

Attributes are bounded: by the values that are listed, or as it says. Beyond 2,000 series of one metric in one process the rest are counted together
(\`otel_metric_overflow\`); nearest to that come watermarks, four for each partition that a process owns.

**Rare** metrics have no series before what they count has happened. **Servers**: only where there are Kafka and Redis.
`;

/** The parts of the page, by how the names of their metrics begin. The first that fits counts. */
const PARTS: readonly (readonly [title: string, prefixes: readonly string[]])[] = [
  ["Calls", ["rpc.", "millrace.server."]],
  ["Process", ["process.", "nodejs.", "millrace.process.", "millrace.drain.", "millrace.tls."]],
  ["Ingest", ["millrace.ingest."]],
  ["Event log", ["millrace.event_log."]],
  ["Processing", ["millrace.processing."]],
  ["Claims", ["millrace.claims."]],
  ["Cache and breakers", ["millrace.cache.", "millrace.breaker."]],
  ["Stores", ["millrace.cell_store.", "millrace.record_store."]],
  ["Reporting", ["millrace.reporting."]],
  ["Config and what is known of it", ["millrace.config.", "millrace.snapshot."]],
];

/** The text of docs/metrics.md. */
export function metricsPage(): string {
  const names = Object.keys(METRICS) as MetricName[];
  const parts = PARTS.map(([title, prefixes]) => {
    const own = names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    return `\n## ${title}\n${own.map((name) => entry(name, metricDeclaration(name))).join("")}`;
  });
  const placed = PARTS.flatMap(([, prefixes]) => prefixes);
  const lost = names.filter((name) => !placed.some((prefix) => name.startsWith(prefix)));
  if (lost.length > 0) throw new Error(`${lost.join(", ")} belong to no part of docs/metrics.md: add one`);
  return HEAD + parts.join("");
}

function entry(name: MetricName, declaration: MetricDeclaration): string {
  const { kind, unit, meaning, from, attributes, buckets, only, rare } = declaration;
  const notes = [
    from.length === ALL_SERVICES.length ? "all services" : from.join(", "),
    ...(only === undefined ? [] : ["servers"]),
    ...(rare === undefined ? [] : [rare === true ? "rare" : `rare in ${rare.join(", ")}`]),
  ];
  const facts = `${KIND_WORDS[kind]}, ${unit === "1" ? "part of 1" : `\`${unit}\``}, ${notes.join("; ")}`;
  const shown =
    buckets === undefined
      ? ""
      : `\n\nBuckets up to ${buckets.map((bound) => (bound < 1 ? String(bound) : bound.toLocaleString("en"))).join(", ")}.`;
  const labels = attributes.map((attribute) => `\n- ${attributeLine(attribute)}`).join("");
  const title = `\n### ${name}\n\n\`${prometheusName(name, declaration)}\`: ${facts}.`;
  return `${title} ${meaning}${labels === "" ? "" : `\n${labels}`}${shown}\n`;
}

const KIND_WORDS: Readonly<Record<MetricDeclaration["kind"], string>> = {
  counter: "counter",
  "observable-counter": "counter",
  updown: "gauge",
  "observable-updown": "gauge",
  "observable-gauge": "gauge",
  histogram: "histogram",
};

function attributeLine({ name, meaning, values, bound }: AttributeDeclaration): string {
  const range = values === undefined ? `Bounded: ${bound}.` : `${values.map((value) => `\`${value}\``).join(", ")}.`;
  return `\`${name}\` (\`${prometheusLabel(name)}\`): ${meaning} ${range}`;
}
