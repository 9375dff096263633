/** How an answer is seen: lines over time, bars, a table, or a number that stands alone. */
export type Look = "series" | "bars" | "table" | "number";

/** What rows are ordered by: "time", a dimension or a metric. */
export type SortKey = { readonly field: string; readonly descending: boolean };

/** What is asked beyond the view's time, filters and comparison; all of it stands in the address. */
export type Exploration = {
  /** As they are asked for, quantiles as NAME.p95; at most 20. Empty for the project's first. */
  readonly metrics: readonly string[];
  /** At most 6. */
  readonly dimensions: readonly string[];
  /** Undefined for what suits the question. */
  readonly look: Look | undefined;
  /** Whether a table has a row for each bucket of time. */
  readonly byTime: boolean;
  /** Undefined for the usual one: greatest of the first metric first. */
  readonly order: SortKey | undefined;
  /** How many rows or lines; undefined for as many as suit the look. */
  readonly limit: number | undefined;
};

/** How many metrics a question may have. */
export const METRICS_MAX = 20;
/** How many dimensions a question, and a rollup, may have. */
export const DIMENSIONS_MAX = 6;
/** How many rows are shown at most. */
export const LIMIT_MAX = 1_000;
const LOOKS: readonly Look[] = ["series", "bars", "table", "number"];
const OWN_NAMES = ["show", "by", "as", "over", "order", "top"];

/** Nothing chosen yet. */
export const NEW_EXPLORATION: Exploration = {
  metrics: [],
  dimensions: [],
  look: undefined,
  byTime: false,
  order: undefined,
  limit: undefined,
};

/** Reads what is asked from the query of an address. What can't be understood is left out. */
export function readExploration(search: URLSearchParams): Exploration {
  const all = (name: string, most: number): readonly string[] =>
    [...new Set(search.getAll(name))].filter((text) => text !== "").slice(0, most);
  const limit = /^[1-9]\d{0,3}$/.test(search.get("top") ?? "") ? Number(search.get("top")) : undefined;
  return {
    metrics: all("show", METRICS_MAX),
    dimensions: all("by", DIMENSIONS_MAX),
    look: LOOKS.find((look) => look === search.get("as")),
    byTime: search.get("over") === "time",
    order: readOrder(search.get("order") ?? ""),
    limit: limit !== undefined && limit <= LIMIT_MAX ? limit : undefined,
  };
}

/** Writes what is asked over the query of an address; what is not the explorer's stays, and what is usual is left out. */
export function writeExploration(
  exploration: Exploration,
  search: URLSearchParams = new URLSearchParams(),
): URLSearchParams {
  const { metrics, dimensions, look, byTime, order, limit } = exploration;
  const written = new URLSearchParams();
  for (const metric of metrics) written.append("show", metric);
  for (const dimension of dimensions) written.append("by", dimension);
  if (look !== undefined) written.set("as", look);
  if (byTime) written.set("over", "time");
  if (order !== undefined) written.set("order", `${order.field}:${order.descending ? "desc" : "asc"}`);
  if (limit !== undefined) written.set("top", String(limit));
  for (const [name, value] of search) if (!OWN_NAMES.includes(name)) written.append(name, value);
  return written;
}

/** How the answer is seen: as chosen where that goes, else as suits the question. */
export function lookOf({ look, dimensions, metrics }: Exploration): Look {
  if (look !== undefined && whyNot(look, dimensions) === undefined) return look;
  if (dimensions.length === 0) return "series";
  return metrics.length > 2 || dimensions.length > 2 ? "table" : "bars";
}

/** Why an answer by these dimensions can't be seen so; undefined where it can. */
export function whyNot(look: Look, dimensions: readonly string[]): string | undefined {
  if (look === "bars" && dimensions.length === 0) return "Bars need something to break down by";
  if (look === "number" && dimensions.length > 0) return "A number has no breakdown";
  return undefined;
}

function readOrder(text: string): SortKey | undefined {
  const [, field, direction] = /^(.+):(asc|desc)$/s.exec(text) ?? [];
  return field === undefined ? undefined : { field, descending: direction === "desc" };
}
