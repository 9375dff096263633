import { type Catalog, hasMetric, isKept, unitOf } from "../question/catalog.ts";

/** A number that matters: a metric, or what is computed from metrics. */
export type KeyNumber = {
  /** Names it in addresses: the metric's name, or its own. */
  readonly name: string;
  /** The metrics that it is made of. */
  readonly needs: readonly string[];
  /** Its value from those of the metrics; null where there is none. */
  readonly valueOf: (metrics: Readonly<Record<string, number | null>>) => number | null;
  readonly unit: string;
  /** Whether more of it is good news, bad news or neither. */
  readonly more: "good" | "bad" | "neither";
};

/** A metric as it is. */
export function plain(name: string, catalog: Catalog, more: KeyNumber["more"] = "good"): KeyNumber {
  return { name, needs: [name], valueOf: (metrics) => metrics[name] ?? null, unit: unitOf(catalog, name), more };
}

/** One metric by another. */
export function ratio(
  name: string,
  over: string,
  under: string,
  options: { readonly unit: string; readonly more: KeyNumber["more"] },
): KeyNumber {
  return {
    name,
    needs: [over, under],
    valueOf(metrics) {
      const whole = metrics[under] ?? 0;
      const part = metrics[over];
      return part === null || part === undefined || whole === 0 ? null : part / whole;
    },
    ...options,
  };
}

/** Whether the project has all metrics that a number needs. */
export function isMeasured(number: KeyNumber, catalog: Catalog): boolean {
  return number.needs.every((name) => hasMetric(catalog, name));
}

/** Whether a number can be asked for by these dimensions. */
export function isNumberKept(number: KeyNumber, catalog: Catalog, dimensions: readonly string[]): boolean {
  return number.needs.every((name) => isKept(catalog, name, dimensions));
}
