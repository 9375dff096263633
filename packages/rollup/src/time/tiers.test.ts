import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketStart, dayKey, granularityKeys, granularityOf, isKept, tierOf, widthMinutes } from "./tiers.ts";

describe("granularity keys", () => {
  it("are read back as they were written, for each offset", () => {
    for (let offset = -1439; offset <= 1439; offset++) {
      expect(granularityOf(dayKey(offset))).toEqual({
        key: dayKey(offset),
        tier: "1d",
        widthMinutes: 1440,
        offsetMinutes: offset,
      });
    }
    expect(granularityKeys([-300, 0])).toEqual(["1m", "15m", "1h", "1d-300", "1d+0"]);
    expect(["1m", "15m", "1h", "1d+0"].map(widthMinutes)).toEqual([1, 15, 60, 1440]);
    expect(tierOf("1d-300")).toBe("1d");
  });

  it("are written in one way only", () => {
    for (const key of [
      "",
      "1d",
      "1d0",
      "1d-0",
      "1d+060",
      "1d+1440",
      "1d+1.5",
      "5m",
      "1h ",
      "__proto__",
      "1d+Infinity",
    ]) {
      expect(() => granularityOf(key), key).toThrow(/is not a stored granularity/);
    }
  });
});

describe("buckets", () => {
  it("hold their minute, whatever its sign", () => {
    const key = fc.oneof(fc.constantFrom("1m", "15m", "1h"), fc.integer({ min: -1439, max: 1439 }).map(dayKey));
    fc.assert(
      fc.property(key, fc.integer({ min: -1e8, max: 1e8 }), (granularity, minute) => {
        const start = bucketStart(granularity, minute);
        expect(start).toBeLessThanOrEqual(minute);
        expect(start + widthMinutes(granularity)).toBeGreaterThan(minute);
        expect(Math.abs((start + granularityOf(granularity).offsetMinutes) % widthMinutes(granularity))).toBe(0);
      }),
    );
  });

  it("begin at midnight of the offset", () => {
    const minute = Date.UTC(2024, 5, 15, 12) / 60_000;
    expect(bucketStart("1d+120", minute)).toBe(Date.UTC(2024, 5, 14, 22) / 60_000);
    expect(bucketStart("1d-300", minute)).toBe(Date.UTC(2024, 5, 15, 5) / 60_000);
  });

  it("are kept as long as their start is inside the retention", () => {
    expect(isKept(100, 110, 10)).toBe(true);
    expect(isKept(99, 110, 10)).toBe(false);
    expect(isKept(-1e9, 110, Number.POSITIVE_INFINITY)).toBe(true);
  });
});
