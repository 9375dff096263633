import { create } from "@bufbuild/protobuf";
import {
  type Result,
  ResultSchema,
  Column_Role as Role,
  Column_Type as Type,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { describe, expect, it } from "vitest";
import { painter } from "../../terminal/color.ts";
import { resultChart } from "./result-chart.ts";

const OPTIONS = { width: 60, isUnicode: true, paint: painter(false) };
const TIME = { name: "time", role: Role.TIME, type: Type.TIME, exact: true };
const PAGE = { name: "page", role: Role.DIMENSION, type: Type.TEXT, exact: true };
const VIEWS = { name: "views", role: Role.METRIC, type: Type.INTEGER, exact: true };
const BEFORE = { name: "views", role: Role.COMPARISON, type: Type.INTEGER, exact: true };
const REVENUE = { name: "revenue", role: Role.METRIC, type: Type.DECIMAL, exact: true, unit: "EUR" };

function result(columns: readonly object[], rows: readonly (readonly (string | number)[])[]): Result {
  return create(ResultSchema, {
    columns: columns as Result["columns"],
    rows: rows.map((values) => ({
      values: values.map((each) =>
        typeof each === "string"
          ? { kind: { case: "stringValue" as const, value: each } }
          : { kind: { case: "numberValue" as const, value: each } },
      ),
    })),
    watermark: { seconds: BigInt(Date.parse("2026-11-21T10:02:30Z") / 1_000) },
    timeZone: "UTC",
  });
}

const minute = (at: number) => `2026-11-21T10:${String(at).padStart(2, "0")}:00Z`;

describe("a result as charts", () => {
  it("has one for each metric", () => {
    const text = resultChart(
      result(
        [PAGE, VIEWS, REVENUE],
        [
          ["/", 4, "19.90"],
          ["/b", 2, "249"],
        ],
      ),
      [],
      OPTIONS,
    );
    expect(text).toMatch(/^views\n\/ +4 +█+\n\/b +2 +█+.?\n\nrevenue \(EUR\)\n\/ +19\.90 +█+.?\n\/b +249 +█+\n/u);
  });

  it("does not draw buckets that are still to come", () => {
    const rows = [0, 1, 2, 3, 4, 5].map((at) => [minute(at), at < 3 ? 5 : 0]);
    const text = resultChart(result([TIME, VIEWS], rows), [], OPTIONS);
    expect(text).toContain("views  latest 5, greatest 5");
  });

  it("has a line for each series, the greatest first", () => {
    const rows = [0, 1, 2].flatMap((at) => [
      [minute(at), "/few", 1],
      [minute(at), "/many", at * 10],
    ]);
    const lines = resultChart(result([TIME, PAGE, VIEWS], rows), [], OPTIONS).split("\n");
    expect(lines[1]).toMatch(/^\/many +20 {2}▁▅█$/u);
    expect(lines[2]).toMatch(/^\/few +1 {2}███$/u);
  });

  it("says how a single value changed", () => {
    expect(resultChart(result([VIEWS, BEFORE], [[112, 100]]), [], OPTIONS)).toMatch(/^views {2}112 {2}\+12 %\n/);
  });

  it("says that there is nothing", () => {
    expect(resultChart(result([PAGE, VIEWS], []), [], OPTIONS)).toMatch(/^No rows/);
  });
});
