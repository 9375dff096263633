import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WIDTHS } from "../time/granularity.ts";
import type { Range } from "../time/range.ts";
import {
  chosenValues,
  DEFAULT_VIEW,
  type DimensionFilter,
  readView,
  toggled,
  type View,
  withFilter,
  writeView,
} from "./view.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/);
const range: fc.Arbitrary<Range> = fc.oneof(
  fc.record({
    kind: fc.constant("last" as const),
    count: fc.integer({ min: 1, max: 5_000 }),
    unit: fc.constantFrom("m" as const, "h" as const, "d" as const, "w" as const, "mo" as const),
  }),
  fc.constant({ kind: "yesterday" as const }),
  fc.constant({ kind: "between" as const, from: "2026-01-31", to: "2026-02-28" }),
  fc.constant({ kind: "between" as const, from: "2026-01-31T08:00", to: "2026-01-31T09:30" }),
);
const text = fc.string({ maxLength: 20, unit: "binary" });
const filters = fc.uniqueArray<DimensionFilter, string>(
  fc.oneof(
    fc.record({
      dimension: name,
      not: fc.boolean(),
      values: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      dimension: name,
      not: fc.constant(false),
      match: fc.constantFrom("contains" as const, "starts" as const),
      values: fc.tuple(text),
    }),
  ),
  { selector: ({ dimension, not, match }) => `${not} ${match} ${dimension}`, maxLength: 5 },
);
const view: fc.Arbitrary<View> = fc.record({
  project: fc.option(name, { nil: undefined }),
  range,
  every: fc.option(fc.constantFrom(...WIDTHS.map(({ every }) => every)), { nil: undefined }),
  zone: fc.option(fc.constantFrom("Europe/Berlin", "UTC", "Asia/Kathmandu"), { nil: undefined }),
  compare: fc.constantFrom("previous" as const, "year" as const, "none" as const),
  metric: fc.option(name, { nil: undefined }),
  filters,
});

describe("what is looked at", () => {
  it("is the same after going through an address", () => {
    fc.assert(
      fc.property(view, (given) => {
        const address = `?${writeView(given).toString()}`;
        expect(readView(new URLSearchParams(address))).toEqual(given);
      }),
    );
  });

  it("takes an empty address when nothing was chosen", () => {
    expect(writeView(DEFAULT_VIEW).toString()).toBe("");
    expect(readView(new URLSearchParams())).toEqual(DEFAULT_VIEW);
  });

  it("leaves alone in an address what belongs to another view, and replaces what is its own", () => {
    const before = new URLSearchParams("show=bars&range=30d&is.page=/a");
    expect(writeView(DEFAULT_VIEW, before).toString()).toBe("show=bars");
  });

  it.each([
    "range=7x",
    "range=0d",
    "range=9999d",
    "range=2026-02-01..2026-01-01",
    "range=2026-02-30..2026-03-01",
    "range=2026-01-01T25:00..2026-01-02",
    "every=2h",
    "zone=Mars/Olympus",
    "compare=future",
    "is.=x",
    "project=&metric=",
  ])("does without what it does not understand: %s", (address) => {
    expect(readView(new URLSearchParams(address))).toEqual(DEFAULT_VIEW);
  });
});

describe("filters", () => {
  it("gain and lose values one by one, and go with the last", () => {
    const one = toggled(DEFAULT_VIEW, "page", "/a");
    const two = toggled(one, "page", "/b");
    expect(chosenValues(two, "page")).toEqual(["/a", "/b"]);
    expect(chosenValues(toggled(two, "page", "/a"), "page")).toEqual(["/b"]);
    expect(toggled(one, "page", "/a").filters).toEqual([]);
  });

  it("stay in their order when one of them changes", () => {
    const both = toggled(toggled(DEFAULT_VIEW, "page", "/a"), "browser", "Firefox");
    const changed = withFilter(both, { dimension: "page", not: false, values: ["/b"] });
    expect(changed.filters.map(({ dimension }) => dimension)).toEqual(["page", "browser"]);
  });

  it("that exclude stand beside those that include", () => {
    const included = toggled(DEFAULT_VIEW, "page", "/a");
    const both = withFilter(included, { dimension: "page", not: true, values: ["/b"] });
    expect(both.filters).toHaveLength(2);
    expect(chosenValues(both, "page")).toEqual(["/a"]);
  });
});
