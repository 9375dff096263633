import { create } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Result, ResultSchema, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { describe, expect, it } from "vitest";
import { everyPage, ROWS_MAX } from "../question/every-page.ts";
import type { QueryInit } from "../question/question.ts";
import { fits } from "./asked.ts";
import { isPartial } from "./partial.ts";
import { linesOf, withoutFuture } from "./tuples.ts";

const NOW = Date.parse("2026-11-21T12:30:00Z");
const [TEN, ELEVEN, TWELVE, LATER] = [10, 11, 12, 13].map((hour) => `2026-11-21T${hour}:00:00+00:00`);

function value(given: string | number | null): Value {
  if (typeof given === "string") return create(ValueSchema, { kind: { case: "stringValue", value: given } });
  if (given === null) return create(ValueSchema, { kind: { case: "nullValue", value: 0 } });
  return create(ValueSchema, { kind: { case: "numberValue", value: given } });
}

function resultOf(rows: readonly (readonly (string | number | null)[])[], others: readonly number[] = []): Result {
  return create(ResultSchema, {
    columns: [
      { name: "time", role: Role.TIME },
      { name: "page", role: Role.DIMENSION },
      { name: "views", role: Role.METRIC },
    ],
    rows: rows.map((values, place) => ({ values: values.map(value), other: others.includes(place) })),
    timeRange: { startTime: { seconds: 0n }, endTime: { seconds: BigInt(Date.parse(LATER!) / 1_000 + 3_600) } },
  });
}

describe("lines", () => {
  const result = resultOf(
    [
      [TEN!, "/a", 5],
      [TEN!, "/b", 1],
      [ELEVEN!, "/b", 9],
      [ELEVEN!, "", 100],
      [TWELVE!, "/a", 2],
      [TWELVE!, "/b", 3],
      [LATER!, "/a", 0],
    ],
    [3],
  );
  const lines = linesOf(result, NOW);

  it("are one for each tuple, the greatest first and what was put together last", () => {
    expect(lines.tuples.map(({ title }) => title)).toEqual(["/b", "/a", "Others, not kept apart"]);
  });

  it("have a value for each time, and none where there is none or the bucket has not begun", () => {
    expect(lines.times).toEqual([TEN, ELEVEN, TWELVE, LATER]);
    expect(lines.tuples.map((tuple) => lines.values("views", tuple))).toEqual([
      [1, 9, 3, null],
      [5, null, 2, null],
      [null, 100, null, null],
    ]);
  });

  it("are complete up to the bucket that is not over", () => {
    expect(lines.complete).toBe(2);
  });

  it("and tables leave out what has not begun", () => {
    expect(withoutFuture(result, NOW).rows).toHaveLength(6);
  });
});

describe("an answer", () => {
  it("fits a question with the same columns, and no other", () => {
    const question = { project: "", metrics: ["views"], range: { kind: "yesterday" as const }, zone: "UTC" };
    const result = resultOf([]);
    expect(fits(result, { ...question, dimensions: ["page"], every: "1d" })).toBe(true);
    expect(fits(result, { ...question, dimensions: ["page"] })).toBe(false);
    expect(fits(result, { ...question, every: "1d" })).toBe(false);
    expect(fits(result, { ...question, metrics: ["visitors"], dimensions: ["page"], every: "1d" })).toBe(false);
  });
});

describe("all pages of an answer", () => {
  /** Answers with so many rows, in pages of the limit asked for. */
  function answering(count: number): {
    readonly asked: QueryInit[];
    readonly ask: (query: QueryInit) => Promise<Result>;
  } {
    const asked: QueryInit[] = [];
    return {
      asked,
      async ask(query) {
        asked.push(query);
        const from = Number(query.pageToken || "0");
        const to = Math.min(count, from + (query.limit ?? 0));
        const rows = Array.from({ length: to - from }, (_, place) => [TEN!, String(from + place), 1]);
        return { ...resultOf(rows), nextPageToken: to < count ? String(to) : "" };
      },
    };
  }

  it("are put together in their order", async () => {
    const { asked, ask } = answering(250);
    const { result, isCut } = await everyPage({ dimensions: ["page"], granularity: 5 }, ask);
    expect(result.rows.map(({ values }) => values[1]!.kind.value)).toEqual(
      Array.from({ length: 250 }, (_, n) => String(n)),
    );
    expect(asked.map(({ pageToken = "" }) => pageToken)).toEqual(["", "100", "200"]);
    expect(isCut).toBe(false);
  });

  it("end where a file would be too large, and say so", async () => {
    const { asked, ask } = answering(ROWS_MAX + 1);
    const { result, isCut } = await everyPage({ dimensions: ["page"] }, ask);
    expect(result.rows).toHaveLength(ROWS_MAX);
    expect(isCut).toBe(true);
    expect(asked).toHaveLength(1);
    const exact = await everyPage({ dimensions: ["page"] }, answering(ROWS_MAX).ask);
    expect(exact.isCut).toBe(false);
  });
});

describe("a range", () => {
  it.each([
    ["half over", 0.5, true],
    ["nearly over", 0.97, false],
    ["over", 1.5, false],
  ])("that is %s is a part of one, or as good as whole", (_, passed, expected) => {
    const end = 100_000;
    const result = create(ResultSchema, {
      timeRange: { startTime: { seconds: 0n }, endTime: { seconds: BigInt(end) } },
      watermark: { seconds: BigInt(passed * end) },
    });
    expect(isPartial(result)).toBe(expected);
  });
});
