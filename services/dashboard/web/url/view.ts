import { type Every, parseEvery } from "../time/granularity.ts";
import { DEFAULT_RANGE, parseRange, type Range, rangeText } from "../time/range.ts";

/** What a dimension must be, or (with `not`) must not be: one of the values, of which there is at least one. */
export type DimensionFilter = { readonly dimension: string; readonly not: boolean; readonly values: readonly string[] };

/** Which other range is shown beside. */
export type Compare = "previous" | "year" | "none";

/** What is looked at; all of it stands in the address. Absent is what is usual. */
export type View = {
  readonly project: string | undefined;
  readonly range: Range;
  readonly every: Every | undefined;
  readonly zone: string | undefined;
  readonly compare: Compare;
  readonly metric: string | undefined;
  readonly filters: readonly DimensionFilter[];
};

/** The view of somebody who has chosen nothing. */
export const DEFAULT_VIEW: View = {
  project: undefined,
  range: DEFAULT_RANGE,
  every: undefined,
  zone: undefined,
  compare: "previous",
  metric: undefined,
  filters: [],
};

const IS = "is.";
const NOT = "not.";
const FILTERS_MAX = 50;

/** Reads a view from the query of an address. What can't be understood is left out: an old link still shows something. */
export function readView(search: URLSearchParams): View {
  const text = (name: string): string | undefined => search.get(name) || undefined;
  const compare = search.get("compare");
  return {
    project: text("project"),
    range: parseRange(search.get("range") ?? "") ?? DEFAULT_VIEW.range,
    every: parseEvery(search.get("every") ?? ""),
    zone: zoneOf(search.get("zone")),
    compare: compare === "year" || compare === "none" ? compare : "previous",
    metric: text("metric"),
    filters: readFilters(search),
  };
}

/** Writes a view over the query of an address; what is not a view's stays, and what is usual is left out. */
export function writeView(view: View, search: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const written = new URLSearchParams();
  const set = (name: string, value: string | undefined): void => {
    if (value) written.set(name, value);
  };
  set("project", view.project);
  const range = rangeText(view.range);
  set("range", range === rangeText(DEFAULT_VIEW.range) ? undefined : range);
  set("every", view.every);
  set("zone", view.zone);
  set("compare", view.compare === "previous" ? undefined : view.compare);
  set("metric", view.metric);
  for (const { dimension, not, values } of view.filters) {
    for (const value of values) written.append(`${not ? NOT : IS}${dimension}`, value);
  }
  for (const [name, value] of search) if (!isOfView(name)) written.append(name, value);
  return written;
}

/** The view with a filter for these values of a dimension; without any values, with none for it. */
export function withFilter(view: View, filter: DimensionFilter): View {
  const others = view.filters.filter(({ dimension, not }) => dimension !== filter.dimension || not !== filter.not);
  const place = view.filters.findIndex(({ dimension, not }) => dimension === filter.dimension && not === filter.not);
  if (filter.values.length === 0) return { ...view, filters: others };
  const filters = place < 0 ? [...others, filter] : others.toSpliced(place, 0, filter);
  return { ...view, filters };
}

/** The values that a dimension must have; empty where it may have any. */
export function chosenValues(view: View, dimension: string): readonly string[] {
  return view.filters.find((filter) => filter.dimension === dimension && !filter.not)?.values ?? [];
}

/** The view with a value of a dimension chosen, or no longer. */
export function toggled(view: View, dimension: string, value: string): View {
  const chosen = chosenValues(view, dimension);
  const values = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  return withFilter(view, { dimension, not: false, values });
}

function readFilters(search: URLSearchParams): DimensionFilter[] {
  const filters: { dimension: string; not: boolean; values: string[] }[] = [];
  for (const [name, value] of search) {
    const not = name.startsWith(NOT);
    if (!not && !name.startsWith(IS)) continue;
    const dimension = name.slice((not ? NOT : IS).length);
    if (dimension === "") continue;
    const known = filters.find((filter) => filter.dimension === dimension && filter.not === not);
    if (known === undefined) filters.push({ dimension, not, values: [value] });
    else if (!known.values.includes(value)) known.values.push(value);
    if (filters.length === FILTERS_MAX) break;
  }
  return filters;
}

function isOfView(name: string): boolean {
  return (
    ["project", "range", "every", "zone", "compare", "metric"].includes(name) ||
    name.startsWith(IS) ||
    name.startsWith(NOT)
  );
}

function zoneOf(text: string | null): string | undefined {
  if (!text) return undefined;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return text;
  } catch {
    return undefined;
  }
}
