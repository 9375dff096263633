import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TileSource, tiles } from "./compose.ts";
import { bucketStart, dayKey, granularityKeys, widthMinutes } from "./tiers.ts";
import { dayStart, offsetsUsed } from "./zone.ts";

/** The fewest uncovered minutes, then the fewest buckets, by trying every way; minutes are small. */
function leastByTrial(
  from: number,
  to: number,
  sources: readonly TileSource[],
): { uncovered: number; buckets: number } {
  const best = Array.from({ length: to - from + 1 }, () => ({ uncovered: Number.POSITIVE_INFINITY, buckets: 0 }));
  best[0] = { uncovered: 0, buckets: 0 };
  const offer = (at: number, uncovered: number, buckets: number) => {
    const had = best[at]!;
    if (uncovered < had.uncovered || (uncovered === had.uncovered && buckets < had.buckets))
      best[at] = { uncovered, buckets };
  };
  for (let at = 0; at < to - from; at++) {
    const { uncovered, buckets } = best[at]!;
    offer(at + 1, uncovered + 1, buckets);
    for (const { key, availableFrom, availableTo } of sources) {
      const start = from + at;
      const end = start + widthMinutes(key);
      const fits = bucketStart(key, start) === start && end <= to;
      if (fits && start >= (availableFrom ?? start) && end <= (availableTo ?? end)) {
        offer(at + widthMinutes(key), uncovered, buckets + 1);
      }
    }
  }
  return best[to - from]!;
}

const offset = fc.integer({ min: -48, max: 56 }).map((quarter) => quarter * 15);
const range = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 6000 }));

/** What is finer is kept for less long, and is known for longer: the windows that retention and watermarks make. */
const sourcesInUse = fc
  .tuple(
    fc.uniqueArray(offset, { maxLength: 3 }),
    fc.array(fc.option(fc.integer({ min: 0, max: 9000 }), { nil: undefined }), { minLength: 4, maxLength: 4 }),
    fc.subarray(["1m", "15m", "1h", "1d"]),
  )
  .map(([offsets, froms, tiers]): TileSource[] => {
    const falling = froms.map((from) => from ?? 0).sort((a, b) => b - a);
    return granularityKeys(offsets)
      .filter((key) => tiers.includes(key.startsWith("1d") ? "1d" : key))
      .map((key, i) => ({ key, availableFrom: falling[Math.min(i, 3)], availableTo: 9000 - 400 * Math.min(i, 3) }));
  });

describe("tiles", () => {
  it("cover every minute once, with whole buckets inside range and window", () => {
    fc.assert(
      fc.property(range, sourcesInUse, ([from, length], sources) => {
        const { runs, uncovered } = tiles(from, from + length, sources);
        const pieces = [...runs, ...uncovered].sort((a, b) => a.from - b.from);
        let at = from;
        for (const piece of pieces) {
          expect(piece.from).toBe(at);
          expect(piece.to).toBeGreaterThan(piece.from);
          at = piece.to;
        }
        expect(at).toBe(from + length);
        for (const run of runs) {
          const { availableFrom, availableTo } = sources.find((source) => source.key === run.key)!;
          expect(bucketStart(run.key, run.from)).toBe(run.from);
          expect(bucketStart(run.key, run.to)).toBe(run.to);
          expect(run.from).toBeGreaterThanOrEqual(availableFrom ?? 0);
          expect(run.to).toBeLessThanOrEqual(availableTo ?? Number.POSITIVE_INFINITY);
        }
        const starts = runs.map((run) => run.from);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });

  it("leave uncovered only what no choice of buckets could cover", () => {
    fc.assert(
      fc.property(range, sourcesInUse, ([from, length], sources) => {
        const { uncovered } = tiles(from, from + length, sources);
        const least = leastByTrial(from, from + length, sources);
        expect(uncovered.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0)).toBe(least.uncovered);
      }),
      { numRuns: 300 },
    );
  }, 20_000);

  it("take hardly more buckets than needed where every tier is kept: two edges of less than a day, in hours", () => {
    fc.assert(
      fc.property(range, fc.uniqueArray(offset, { minLength: 1, maxLength: 3 }), ([from, length], offsets) => {
        const sources = granularityKeys(offsets).map((key) => ({ key }));
        const { runs } = tiles(from, from + length, sources);
        const buckets = runs.reduce((sum, run) => sum + (run.to - run.from) / widthMinutes(run.key), 0);
        expect(buckets).toBeLessThanOrEqual(leastByTrial(from, from + length, sources).buckets + 2 * 23);
      }),
      { numRuns: 300 },
    );
  }, 20_000);

  it("make any local day of any zone since 1980 of day cells, hours and quarters of an hour", () => {
    const zone = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
    fc.assert(
      fc.property(zone, fc.integer({ min: 3653, max: 24_000 }), fc.integer({ min: 1, max: 400 }), (name, day, days) => {
        const from = dayStart(name, day) / 60_000;
        const to = dayStart(name, day + days) / 60_000;
        const keys = granularityKeys(offsetsUsed(name, from * 60_000, to * 60_000 + 1));
        const sources = keys.filter((key) => key !== "1m").map((key) => ({ key }));
        expect(tiles(from, to, sources).uncovered).toEqual([]);
      }),
      { numRuns: 500 },
    );
  }, 20_000);

  it("give a range of whole days to one run of day cells", () => {
    expect(tiles(0, 30 * 1440, [{ key: "1m" }, { key: "1h" }, { key: "1d+0" }])).toEqual({
      runs: [{ key: "1d+0", from: 0, to: 30 * 1440 }],
      uncovered: [],
    });
  });

  it("give up day cells where hours fit what quarters are no longer kept for", () => {
    expect(tiles(0, 4 * 1440, [{ key: "1h" }, { key: dayKey(330) }]).runs).toEqual([{ key: "1h", from: 0, to: 5760 }]);
  });

  it("name the finest granularity that has an uncovered stretch among more", () => {
    const sources: TileSource[] = [{ key: "15m", availableFrom: 600 }, { key: "1h" }, { key: "1d+0" }];
    expect(tiles(75, 630, sources)).toEqual({
      runs: [
        { key: "1h", from: 120, to: 600 },
        { key: "15m", from: 600, to: 630 },
      ],
      uncovered: [{ from: 75, to: 120, finest: "1h" }],
    });
    expect(tiles(0, 5, [{ key: "1h", availableFrom: 60 }])).toEqual({ runs: [], uncovered: [{ from: 0, to: 5 }] });
  });

  it("are none for an empty range", () => {
    expect(tiles(5, 5, [{ key: "1m" }])).toEqual({ runs: [], uncovered: [] });
  });
});
