import { RelativeRange_Unit as Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { describe, expect, it } from "vitest";
import { zoneNamed } from "../zoned-time.ts";
import { absoluteRange, parseLast, type TimeRangeInit } from "./time-range.ts";

const NOW = Date.parse("2026-05-01T10:00:30Z");

function ends({ kind }: TimeRangeInit) {
  if (kind?.case !== "absolute") throw new Error("not absolute");
  const text = (seconds: unknown) => new Date(Number(seconds) * 1_000).toISOString();
  return [text(kind.value.startTime?.seconds), text(kind.value.endTime?.seconds)];
}

describe("ranges", () => {
  it.each([
    ["90m", 90, Unit.MINUTE],
    ["24h", 24, Unit.HOUR],
    ["7d", 7, Unit.DAY],
    ["4w", 4, Unit.WEEK],
    ["3mo", 3, Unit.MONTH],
  ])("--last %s", (text, last, unit) => {
    expect(parseLast(text)).toEqual({ kind: { case: "relative", value: { last, unit } } });
  });

  it.each(["0d", "7", "d", "7y", "-1d"])("--last %s is refused", (text) => {
    expect(() => parseLast(text)).toThrow(/write 90m/);
  });

  it("from dates are midnights of the zone", () => {
    expect(ends(absoluteRange("2011-07-01", "2011-12-01", zoneNamed("Europe/Berlin"), NOW))).toEqual([
      "2011-06-30T22:00:00.000Z",
      "2011-11-30T23:00:00.000Z",
    ]);
    expect(ends(absoluteRange("2011-07", "2011-08", zoneNamed("UTC"), NOW))[1]).toBe("2011-08-01T00:00:00.000Z");
  });

  it("without an end go through the current minute", () => {
    expect(ends(absoluteRange("2026-05-01T09:00", undefined, zoneNamed("UTC"), NOW))[1]).toBe(
      "2026-05-01T10:01:00.000Z",
    );
  });

  it("must be in order, at whole minutes", () => {
    expect(() => absoluteRange("2026-05-02", "2026-05-01", zoneNamed("UTC"), NOW)).toThrow(/later/);
    expect(() => absoluteRange("2026-05-02T00:00:01", undefined, zoneNamed("UTC"), NOW)).toThrow(/whole minute/);
    expect(() => absoluteRange("May", undefined, zoneNamed("UTC"), NOW)).toThrow(/--from May/);
  });
});
