import type { MetricDeclaration } from "./declaration.ts";

/** Units that Prometheus spells out. Those in braces are for people only. */
const WORDS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", "1": "ratio" };

/** How Prometheus spells a unit; undefined for numbers of things. */
export function prometheusUnit(unit: string): string | undefined {
  return WORDS[unit];
}

/**
 * The name of a metric with its unit, without the `_total`, `_bucket`, `_sum` and `_count` of its kind, by the rules for
 * the translation of OpenTelemetry to Prometheus (1.x, "with suffixes").
 */
export function prometheusFamily(name: string, unit: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_]/g, "_");
  const word = prometheusUnit(unit);
  return word === undefined || plain.endsWith(`_${word}`) ? plain : `${plain}_${word}`;
}

/** The name by which queries find a metric: counters end in `_total`; of a histogram it is followed by `_bucket` and so on. */
export function prometheusName(name: string, { kind, unit }: Pick<MetricDeclaration, "kind" | "unit">): string {
  const family = prometheusFamily(name, unit);
  return kind === "counter" || kind === "observable-counter" ? `${family}_total` : family;
}

/** The label by which Prometheus knows an attribute. */
export function prometheusLabel(attribute: string): string {
  return attribute.replaceAll(/[^A-Za-z0-9_]/g, "_");
}
