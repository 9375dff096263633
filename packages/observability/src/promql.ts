import {
  METRICS,
  type MetricAttributes,
  type MetricName,
  type MetricNameOf,
  type MetricSource,
  prometheusLabel,
  prometheusName,
} from "@millrace/telemetry";

/** Metrics with names of OpenTelemetry's own are also given by others: ours say that they are of Millrace. */
const OURS = 'service_namespace="millrace"';

/** The one process of `npm start`, whose metrics are those of all services. */
const ALL_IN_ONE = "millrace";

type CounterName = MetricNameOf<"counter" | "observable-counter">;
/** A histogram, by its declared name. */
export type HistogramName = MetricNameOf<"histogram">;
type GaugeName = Exclude<MetricName, CounterName | HistogramName>;
type AttributeOf<Name extends MetricName> = keyof MetricAttributes<Name> & string;

/** Labels that Prometheus adds to what it scrapes, and those that every series of Millrace has. */
export type TargetLabel = "namespace" | "job" | "instance" | "service_name";

/** What a sum is taken by: a metric's own attributes, by their declared names, and where it was scraped. */
export type By<Name extends MetricName> = readonly (AttributeOf<Name> | TargetLabel)[];

/** What a series must say: a value, or a regular expression of all of it in slashes, `!` before it for "anything else". */
export type Where<Name extends MetricName> = { readonly [Attribute in AttributeOf<Name>]?: string };

/** Which series are meant, and over which time rates are taken. */
export type Scope = { readonly matchers: readonly string[]; readonly window: string };

/** Whatever is scraped, over a time: for rules. */
export function everywhere(window: string): Scope {
  return { matchers: [], window };
}

/** Only what a service gives, alone or within the one process. */
export function ofService(service: MetricSource, scope: Scope): Scope {
  return { ...scope, matchers: [...scope.matchers, `service_name=~"${service}|${ALL_IN_ONE}"`] };
}

/**
 * Questions in PromQL about declared metrics: a name, an attribute or a way of asking that does not fit the declaration
 * does not compile.
 */
export type Questions = {
  /** The series of a gauge. */
  readonly gauge: <Name extends GaugeName>(name: Name, where?: Where<Name>) => string;
  /** The series of a counter as they are, for `increase` and the like. */
  readonly counter: <Name extends CounterName>(name: Name, where?: Where<Name>) => string;
  /** How much a counter grew per second. */
  readonly rate: <Name extends CounterName>(name: Name, by: By<Name>, where?: Where<Name>) => string;
  /** How much a counter grew in all of the time. */
  readonly increase: <Name extends CounterName>(name: Name, by: By<Name>, where?: Where<Name>) => string;
  /** Below which value a part of what a histogram saw lies. */
  readonly quantile: <Name extends HistogramName>(
    part: number,
    name: Name,
    by: By<Name>,
    where?: Where<Name>,
  ) => string;
  /** The mean of what a histogram saw. */
  readonly mean: <Name extends HistogramName>(name: Name, by: By<Name>, where?: Where<Name>) => string;
  /** How many values a histogram saw per second. */
  readonly seen: <Name extends HistogramName>(name: Name, by: By<Name>, where?: Where<Name>) => string;
  /** How many of them were at most `bound`, which is one of the declared buckets. */
  readonly seenWithin: <Name extends HistogramName>(
    bound: number,
    name: Name,
    by: By<Name>,
    where?: Where<Name>,
  ) => string;
  /** How a histogram's values are spread, by bucket. */
  readonly spread: <Name extends HistogramName>(name: Name, where?: Where<Name>) => string;
};

/** One series for each process, whose label `service_version` says which release it is. The exporter gives it to all. */
export function releases(scope: Scope): string {
  return `target_info${selector([OURS, ...scope.matchers])}`;
}

/** Questions about the series that a scope means. */
export function questionsIn(scope: Scope): Questions {
  const series = (name: MetricName, where: object = {}, suffix = "", more: readonly string[] = []) =>
    `${prometheusName(name, METRICS[name])}${suffix}${selector([...oursOf(name), ...matchersOf(where), ...more, ...scope.matchers])}`;
  const over = (text: string) => `${text}[${scope.window}]`;
  return {
    gauge: (name, where) => series(name, where),
    counter: (name, where) => series(name, where),
    rate: (name, by, where) => sumBy(by, `rate(${over(series(name, where))})`),
    increase: (name, by, where) => sumBy(by, `increase(${over(series(name, where))})`),
    quantile: (part, name, by, where) =>
      `histogram_quantile(${part}, ${sumBy([...by, "le"], `rate(${over(series(name, where, "_bucket"))})`)})`,
    mean: (name, by, where) =>
      `${sumBy(by, `rate(${over(series(name, where, "_sum"))})`)} / ${sumBy(by, `rate(${over(series(name, where, "_count"))})`)}`,
    seen: (name, by, where) => sumBy(by, `rate(${over(series(name, where, "_count"))})`),
    seenWithin(bound, name, by, where) {
      const { buckets }: { readonly buckets?: readonly number[] } = METRICS[name];
      if (!buckets?.includes(bound)) throw new Error(`${name} has no bucket that ends at ${bound}`);
      return sumBy(by, `rate(${over(series(name, where, "_bucket", [`le="${bound}"`]))})`);
    },
    spread: (name, where) => sumBy(["le"], `increase(${over(series(name, where, "_bucket"))})`),
  };
}

/** A part of a whole, which is nothing where there is no whole. */
export function ratio(part: string, whole: string): string {
  return `(${part}) / (${whole} > 0)`;
}

/** A part of a whole that has no other labels than these, of which the part has more. */
export function shareOf(part: string, whole: string, labels: readonly TargetLabel[]): string {
  return `(${part}) / on (${labels.join(", ")}) group_left () (${whole} > 0)`;
}

function sumBy(by: readonly string[], of: string): string {
  return by.length === 0 ? `sum(${of})` : `sum by (${by.map(prometheusLabel).join(", ")}) (${of})`;
}

function oursOf(name: MetricName): string[] {
  return name.startsWith("millrace.") ? [] : [OURS];
}

function matchersOf(where: object): string[] {
  return Object.entries(where).map(([attribute, text]: [string, string]) => {
    const isNot = text.startsWith("!");
    const value = isNot ? text.slice(1) : text;
    const isPattern = value.length > 1 && value.startsWith("/") && value.endsWith("/");
    const operator = isPattern ? (isNot ? "!~" : "=~") : isNot ? "!=" : "=";
    return `${prometheusLabel(attribute)}${operator}"${isPattern ? value.slice(1, -1) : value}"`;
  });
}

function selector(matchers: readonly string[]): string {
  return matchers.length === 0 ? "" : `{${matchers.join(", ")}}`;
}
