import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Question } from "../question/question.ts";
import { DEFAULT_VIEW, readView } from "../url/view.ts";
import { questionOf } from "./asked.ts";
import {
  DIMENSIONS_MAX,
  type Exploration,
  LIMIT_MAX,
  lookOf,
  METRICS_MAX,
  NEW_EXPLORATION,
  readExploration,
  writeExploration,
} from "./exploration.ts";
import { exploreSearch } from "./explore-search.ts";

const name = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/),
  fc.string({ minLength: 1, maxLength: 10, unit: "binary" }),
);
const exploration: fc.Arbitrary<Exploration> = fc.record({
  metrics: fc.uniqueArray(name, { maxLength: METRICS_MAX }),
  dimensions: fc.uniqueArray(name, { maxLength: DIMENSIONS_MAX }),
  look: fc.option(fc.constantFrom("series" as const, "bars" as const, "table" as const, "number" as const), {
    nil: undefined,
  }),
  byTime: fc.boolean(),
  order: fc.option(fc.record({ field: name, descending: fc.boolean() }), { nil: undefined }),
  limit: fc.option(fc.integer({ min: 1, max: LIMIT_MAX }), { nil: undefined }),
});

const asked: Pick<Question, "project" | "range" | "zone"> = {
  project: "demo",
  range: { kind: "last", count: 7, unit: "d" },
  zone: "UTC",
};

describe("what is explored", () => {
  it("is the same after going through an address", () => {
    fc.assert(
      fc.property(exploration, (given) => {
        const address = `?${writeExploration(given).toString()}`;
        expect(readExploration(new URLSearchParams(address))).toEqual(given);
      }),
    );
  });

  it("leaves alone in an address what belongs to the view, and replaces what is its own", () => {
    const before = new URLSearchParams("show=a&show=b&top=5&range=30d&is.page=/a");
    expect(writeExploration({ ...NEW_EXPLORATION, metrics: ["c"] }, before).toString()).toBe(
      "show=c&range=30d&is.page=%2Fa",
    );
  });

  it.each(["as=pie", "top=0", "top=5000", "top=many", "order=views", "order=:asc", "show=&by="])(
    "does without what it does not understand: %s",
    (address) => {
      expect(readExploration(new URLSearchParams(address))).toEqual(NEW_EXPLORATION);
    },
  );
});

describe("how an answer is seen", () => {
  it.each([
    [["views"], [], "series"],
    [["views"], ["page"], "bars"],
    [["views", "visitors", "revenue"], ["page"], "table"],
    [["views"], ["page", "country", "os"], "table"],
  ])("suits the question: %j by %j as %s", (metrics, dimensions, look) => {
    expect(lookOf({ ...NEW_EXPLORATION, metrics, dimensions })).toBe(look);
  });

  it("is not what the question can't be seen as", () => {
    expect(lookOf({ ...NEW_EXPLORATION, metrics: ["views"], look: "bars" })).toBe("series");
    expect(lookOf({ ...NEW_EXPLORATION, metrics: ["views"], dimensions: ["page"], look: "number" })).toBe("bars");
  });
});

describe("the question", () => {
  const base: Exploration = { ...NEW_EXPLORATION, metrics: ["views"], dimensions: ["page"] };

  it("asks for buckets only where they are shown", () => {
    expect(questionOf({ ...base, look: "bars" }, asked, "1d").every).toBeUndefined();
    expect(questionOf({ ...base, look: "series" }, asked, "1d").every).toBe("1d");
    expect(questionOf({ ...base, look: "table", byTime: true }, asked, "1h").every).toBe("1h");
  });

  it("compares with another range where there is one line, or rows", () => {
    const compared = { ...asked, compare: "year" as const };
    expect(questionOf({ ...base, look: "series" }, compared, "1d").compare).toBe("none");
    expect(questionOf({ ...base, dimensions: [], look: "series" }, compared, "1d").compare).toBe("year");
    expect(questionOf({ ...base, look: "table" }, compared, "1d").compare).toBe("year");
  });

  it("never asks for more lines than can be told apart", () => {
    expect(questionOf({ ...base, look: "series", limit: 500 }, asked, "1d").limit).toBe(10);
    expect(questionOf({ ...base, look: "table", limit: 500 }, asked, "1d").limit).toBe(500);
  });

  it("is not ordered by what it does not ask for", () => {
    const order = { field: "visitors", descending: true };
    expect(questionOf({ ...base, order }, asked, "1d").order).toBeUndefined();
    expect(questionOf({ ...base, metrics: ["visitors"], order }, asked, "1d").order).toEqual(order);
  });

  it("of another view is asked by a link, with its time and filters", () => {
    const filters = [{ dimension: "country", not: false, values: ["DE"] }];
    const view = { ...DEFAULT_VIEW, zone: "UTC", metric: "orders" };
    const search = exploreSearch(view, { ...asked, metrics: ["views"], dimensions: ["page"], filters, limit: 9 });
    expect(readExploration(search)).toEqual(base);
    expect(readView(search)).toEqual({ ...view, filters, metric: undefined });
  });
});
