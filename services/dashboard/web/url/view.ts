import { type Every, parseEvery } from "../time/granularity.ts";
import { DEFAULT_RANGE, parseRange, type Range, rangeText } from "../time/range.ts";

/**
 * What a dimension must be, or (with `not`) must not be: one of the values, of which there is at least one. With `match`
 * it must contain, or start with, the one value.
 */
export type DimensionFilter = {
  readonly dimension: string;
  readonly not: boolean;
  readonly match?: "contains" | "starts";
  readonly values: readonly string[];
};

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

/** How filters begin in an address, and what they then say. */
const FILTER_KINDS = {
  is: { not: false },
  not: { not: true },
  contains: { not: false, match: "contains" },
  starts: { not: false, match: "starts" },
} as const satisfies Readonly<Record<string, Pick<DimensionFilter, "not" | "match">>>;
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
  for (const filter of view.filters) {
    for (const value of filter.values)
      written.append(`${filter.match ?? (filter.not ? "not" : "is")}.${filter.dimension}`, value);
  }
  for (const [name, value] of search) if (!isOfView(name)) written.append(name, value);
  return written;
}

/** The view with a filter for these values of a dimension, in the place of one of its kind; without values, with none. */
export function withFilter(view: View, filter: DimensionFilter): View {
  const others = view.filters.filter((one) => !isSameKind(one, filter));
  const place = view.filters.findIndex((one) => isSameKind(one, filter));
  if (filter.values.length === 0) return { ...view, filters: others };
  const filters = place < 0 ? [...others, filter] : others.toSpliced(place, 0, filter);
  return { ...view, filters };
}

/** The values that a dimension must have; empty where it may have any. */
export function chosenValues(view: View, dimension: string): readonly string[] {
  return view.filters.find((filter) => isSameKind(filter, { dimension, not: false }))?.values ?? [];
}

/** The view with a value of a dimension chosen, or no longer. */
export function toggled(view: View, dimension: string, value: string): View {
  const chosen = chosenValues(view, dimension);
  const values = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  return withFilter(view, { dimension, not: false, values });
}

type FilterKind = Pick<DimensionFilter, "dimension" | "not" | "match">;

function isSameKind(a: FilterKind, b: FilterKind): boolean {
  return a.dimension === b.dimension && a.not === b.not && a.match === b.match;
}

function readFilters(search: URLSearchParams): DimensionFilter[] {
  const filters: (FilterKind & { values: string[] })[] = [];
  for (const [name, value] of search) {
    const kind = filterKind(name);
    if (kind === undefined) continue;
    const known = filters.find((filter) => isSameKind(filter, kind));
    if (known === undefined) filters.push({ ...kind, values: [value] });
    // What a value contains or starts with is one text.
    else if (kind.match === undefined && !known.values.includes(value)) known.values.push(value);
    if (filters.length === FILTERS_MAX) break;
  }
  return filters;
}

/** The filter that a name of an address stands for: `not.page` excludes pages. */
function filterKind(name: string): FilterKind | undefined {
  const dot = name.indexOf(".");
  const said = Object.entries(FILTER_KINDS).find(([kind]) => kind === name.slice(0, dot))?.[1];
  const dimension = name.slice(dot + 1);
  return said === undefined || dimension === "" ? undefined : { dimension, ...said };
}

function isOfView(name: string): boolean {
  const [first = ""] = name.split(".", 1);
  return (
    ["project", "range", "every", "zone", "compare", "metric"].includes(name) ||
    (name !== first && first in FILTER_KINDS)
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
