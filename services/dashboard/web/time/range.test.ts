import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usualEvery, widthsFor } from "./granularity.ts";
import { lengthMs, PRESETS, parseRange, type Range, rangeText, rangeTitle, spanOf } from "./range.ts";
import { epochOf, wallClockAt } from "./wall-clock.ts";

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const span = (range: string, zone: string, now: string): string[] => {
  const { start, end } = spanOf(parseRange(range)!, zone, at(now));
  return [new Date(start).toISOString(), new Date(end).toISOString()];
};

describe("a range", () => {
  it.each([
    // Summer time begins on 29 March 2026 in Berlin: the day has 23 hours.
    ["1d", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    ["yesterday", "Europe/Berlin", "2026-03-30T12:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    // It ends on 25 October: the day has 25 hours.
    ["1d", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"],
    ["7d", "UTC", "2026-03-03T23:59Z", "2026-02-25T00:00:00.000Z", "2026-03-04T00:00:00.000Z"],
    ["1mo", "America/New_York", "2026-11-15T03:00Z", "2026-11-01T04:00:00.000Z", "2026-12-01T05:00:00.000Z"],
    ["12mo", "UTC", "2026-01-31T10:00Z", "2025-02-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"],
    ["1w", "UTC", "2026-11-22T23:00Z", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["30m", "UTC", "2026-11-22T10:10:30Z", "2026-11-22T09:41:00.000Z", "2026-11-22T10:11:00.000Z"],
    ["2h", "Asia/Kathmandu", "2026-11-22T10:10:30Z", "2026-11-22T08:15:00.000Z", "2026-11-22T10:15:00.000Z"],
    [
      "2026-03-28..2026-03-29",
      "Europe/Berlin",
      "2026-05-01T00:00Z",
      "2026-03-27T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ],
    [
      "2026-03-29T01:00..2026-03-29T04:00",
      "Europe/Berlin",
      "2026-05-01T00:00Z",
      "2026-03-29T00:00:00.000Z",
      "2026-03-29T02:00:00.000Z",
    ],
    // Midnight is skipped in Santiago on 6 September 2026: the day begins at one o'clock.
    [
      "2026-09-06..2026-09-06",
      "America/Santiago",
      "2026-10-01T00:00Z",
      "2026-09-06T04:00:00.000Z",
      "2026-09-07T03:00:00.000Z",
    ],
  ])("%s in %s at %s is from %s to %s", (range, zone, now, start, end) => {
    expect(span(range, zone, now)).toEqual([start, end]);
  });

  it("is the same after being written", () => {
    for (const { range } of PRESETS) expect(parseRange(rangeText(range))).toEqual(range);
  });

  it("has the name of its preset, or one of its own", () => {
    const dates = (from: string, to: string): string => `${from} to ${to}`;
    const title = (text: string): string => rangeTitle(parseRange(text) as Range, dates);
    expect(["1d", "30m", "1mo", "90d", "1w", "2026-01-01..2026-01-31"].map(title)).toEqual([
      "Today",
      "Last 30 minutes",
      "This month",
      "Last 90 days",
      "This week",
      "2026-01-01 to 2026-01-31",
    ]);
  });
});

describe("the clock of a zone", () => {
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe");
  const minute = fc.integer({ min: at("1971-01-01T00:00Z") / 60_000, max: at("2100-01-01T00:00Z") / 60_000 });

  it("shows again what it was read for, or the same time before clocks were put back", () => {
    fc.assert(
      fc.property(zone, minute, (name, minutes) => {
        const clock = wallClockAt(name, minutes * 60_000);
        const found = epochOf(name, clock);
        expect(wallClockAt(name, found)).toEqual(clock);
        expect(minutes * 60_000 - found).toBeGreaterThanOrEqual(0);
        expect(minutes * 60_000 - found).toBeLessThanOrEqual(24 * HOUR);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the width of buckets", () => {
  it.each([
    ["30m", "1m"],
    ["1d", "1h"],
    ["yesterday", "1h"],
    ["7d", "1d"],
    ["30d", "1d"],
    ["1mo", "1d"],
    ["12mo", "month"],
    ["2025-01-01..2025-06-30", "week"],
  ])("for %s is usually %s", (range, every) => {
    expect(usualEvery(parseRange(range)!)).toBe(every);
  });

  it("is among those that are kept, and no finer than can be drawn", () => {
    const kept = [{ granularity: 1, retention: { seconds: 7n * 86_400n } }] as never;
    expect(widthsFor(parseRange("6d")!, kept, 5.5 * 24 * HOUR)).toContain("1m");
    expect(widthsFor(parseRange("6d")!, kept, 8 * 24 * HOUR)).not.toContain("1m");
    // The newest minutes of 10,080 would be missing: an answer has 10,000 rows.
    expect(widthsFor(parseRange("7d")!, kept, 6.5 * 24 * HOUR)).not.toContain("1m");
    expect(widthsFor(parseRange("30d")!, [], 0)).not.toContain("1m");
    expect(widthsFor(parseRange("1d")!, [], 0)).not.toContain("week");
  });

  it("always has a choice", () => {
    for (const { range } of PRESETS) {
      expect(widthsFor(range, [], Number.POSITIVE_INFINITY)).toContain(usualEvery(range));
      expect(lengthMs(range)).toBeGreaterThan(0);
    }
  });
});
