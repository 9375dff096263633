import { type Catalog, isKept, metricOf } from "../question/catalog.ts";
import { DIMENSIONS_MAX } from "./exploration.ts";

/** Whether a question can be broken down by one more dimension; where it can't, what is missing. */
export type Choice = {
  readonly name: string;
  readonly missing: Missing | undefined;
};

/** Metrics that no rollup keeps by these dimensions together. */
export type Missing = {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  /** Makes a rollup that would answer; undefined where none can be made, as it would have too many dimensions. */
  readonly command: string | undefined;
};

/**
 * What is missing to answer for these metrics by these dimensions; undefined where all is kept. Each metric may come
 * from a rollup of its own.
 */
export function missingFor(
  catalog: Catalog,
  metrics: readonly string[],
  dimensions: readonly string[],
): Missing | undefined {
  const names = [...new Set(metrics.map(metricOf))];
  const lacking = names.filter((name) => !isKept(catalog, name, dimensions));
  if (lacking.length === 0) return undefined;
  return { metrics: lacking, dimensions, command: commandFor(lacking, dimensions) };
}

/** Every dimension of the catalog, with what is missing to break down by it together with those needed already. */
export function dimensionChoices(
  catalog: Catalog,
  metrics: readonly string[],
  needed: readonly string[],
): readonly Choice[] {
  return catalog.dimensions.map(({ name }) => ({
    name,
    missing: missingFor(catalog, metrics, [...new Set([...needed, name])]),
  }));
}

function commandFor(metrics: readonly string[], dimensions: readonly string[]): string | undefined {
  if (dimensions.length > DIMENSIONS_MAX) return undefined;
  const words = dimensions.map((one) => one.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase());
  const name = dimensions.length === 0 ? `${metrics[0]}_total` : ["by", ...words].join("_").slice(0, 63);
  const by = dimensions.length === 0 ? "" : ` --by ${dimensions.join(",")}`;
  return `millrace rollup create ${name} --metrics ${metrics.join(",")}${by}`;
}
