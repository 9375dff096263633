import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisMarks } from "./axis-marks.ts";
import { splitAt } from "./series.ts";

const times = (from: string, stepMs: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * stepMs).toISOString().replace(".000", ""));

const HOUR = 3_600_000;
const textsOf = (list: readonly string[], most: number): string[] =>
  axisMarks(list, most, "en-GB").map(({ text }) => text);

describe("the marks of the axis of time", () => {
  it("are hours within a day", () => {
    expect(textsOf(times("2026-11-21T00:00:00Z", HOUR, 24), 5)).toEqual(["00:00", "06:00", "12:00", "18:00"]);
  });

  it("say which day begins where hours go over midnight", () => {
    const marks = textsOf(times("2026-11-20T00:00:00Z", HOUR, 48), 8);
    expect(marks).toEqual(["20 Nov", "06:00", "12:00", "18:00", "21 Nov", "06:00", "12:00", "18:00"]);
  });

  it("are days, mondays and months of longer ranges", () => {
    expect(textsOf(times("2026-11-15T00:00:00Z", 24 * HOUR, 7), 8)).toHaveLength(7);
    expect(textsOf(times("2026-10-23T00:00:00Z", 24 * HOUR, 30), 6)).toEqual(["26 Oct", "2 Nov", "9 Nov", "16 Nov"]);
    expect(textsOf(times("2025-11-15T00:00:00Z", 24 * HOUR, 365), 12)).toContain("2026");
  });

  it("are months where the buckets are months", () => {
    const months = Array.from({ length: 12 }, (_, i) => new Date(Date.UTC(2025, 11 + i)).toISOString());
    expect(textsOf(months, 12).slice(0, 3)).toEqual(["Dec", "2026", "Feb"]);
  });

  it("are days where hours go over several", () => {
    expect(textsOf(times("2026-11-15T00:00:00Z", HOUR, 24 * 7), 8)).toContain("16 Nov");
  });

  it("are never more than there is room for, and always some", () => {
    const step = fc.constantFrom(60_000, 300_000, 900_000, HOUR, 24 * HOUR, 7 * 24 * HOUR);
    fc.assert(
      fc.property(step, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 2, max: 20 }), (width, count, most) => {
        const marks = axisMarks(times("2026-02-03T00:00:00Z", width, count), most, "en");
        expect(marks.length).toBeGreaterThan(0);
        expect(marks.length).toBeLessThanOrEqual(most);
        for (const { place } of marks) expect(place).toBeLessThan(count);
      }),
    );
  });
});

describe("a line whose end is not over yet", () => {
  it("is whole and then open, and joined where they meet", () => {
    expect(splitAt([1, 2, 3, null], 2)).toEqual([
      [1, 2, null, null],
      [null, 2, 3, null],
    ]);
  });

  it("is only whole when all is over", () => {
    expect(splitAt([1, 2], 2)).toEqual([
      [1, 2],
      [null, null],
    ]);
  });

  it("is only open when nothing is", () => {
    expect(splitAt([1], 0)).toEqual([[null], [1]]);
  });
});
