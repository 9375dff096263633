/** The arithmetic of `npm run bench -- scale`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionShares, partitionsOf, rulesOf, spreadFor, unevenness } from "./partition-shares.ts";
import { queryFanOut } from "./query-fan-out.ts";
import { bytesAt } from "./size-curve.ts";
import { eventsWhereAny, keptBytes, storeLoad } from "./store-load.ts";
import { arrivals, zipfShares } from "./zipf.ts";

const DAY = 1_440;
const NOW = 20_000 * DAY;
const flat = { events: [1], bytes: [100] };

describe("shares of projects", () => {
  it("add up to 1, and the first has twice that of the second", () => {
    const shares = zipfShares(1_000);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(shares[0]! / shares[1]!).toBeCloseTo(2, 12);
  });

  it("are spread over neighbouring partitions, each once, and none gets lost on the way", () => {
    const shares = zipfShares(500);
    const found = partitionShares(shares, 64, (share) => spreadFor(share, 64));
    expect(found.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const own = partitionsOf(rulesOf("site-3", 10), 64);
    expect(own.map((partition) => (partition - own[0]! + 64) % 64)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("take a quarter of an average partition at most, where there are partitions enough", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        fc.constantFrom(64, 256, 1_024),
        (share, partitions) => {
          const spread = spreadFor(share, partitions);
          expect(spread).toBeGreaterThanOrEqual(1);
          if (spread < partitions) expect(share / spread).toBeLessThanOrEqual(1.0001 / (4 * partitions));
          if (spread > 1) expect(share / (spread - 1)).toBeGreaterThan(0.9999 / (4 * partitions));
        },
      ),
    );
  });

  it("are as uneven as the largest is to the average", () => {
    expect(unevenness(Float64Array.of(0.7, 0.1, 0.1, 0.1))).toEqual({ largest: 2.8, hot: 1 });
  });
});

describe("what the store has to take", () => {
  const one = { shares: Float64Array.of(1), spreadOf: () => 1, finestFlushSeconds: 0.5, curve: flat };

  it("of a busy project: a row for each bucket, and a write for each flush", () => {
    const load = storeLoad({ ...one, eventsPerSecond: 1e6 });
    expect(load["1m"]).toMatchObject({ rowsPerDay: DAY, bytesPerDay: DAY * 100, writesPerSecond: 2 });
    expect(load["15m"]).toMatchObject({ rowsPerDay: 96, largestPartitionBytes: 800 });
    expect(load["15m"].writesPerSecond).toBeCloseTo(1 / 9, 9);
    expect(load["1d"].writesPerSecond).toBeCloseTo(1 / 60, 9);
    expect(keptBytes(load, { "1m": 1, "15m": 1, "1h": 1, "1d": 10 })).toBeCloseTo(100 * (DAY + 96 + 24 + 10), 3);
  });

  it("of a project with an event now and then: a row in each width for each event", () => {
    const perDay = 0.1;
    const load = storeLoad({ ...one, eventsPerSecond: perDay / 86_400 });
    for (const tier of ["1m", "15m", "1h"] as const) expect(load[tier].rowsPerDay).toBeCloseTo(perDay, 2);
    expect(load["1m"].writesPerSecond * 86_400).toBeCloseTo(perDay, 6);
  });

  it("of a project that is spread: that of as many projects with a part each", () => {
    const spread = storeLoad({ ...one, spreadOf: () => 8, eventsPerSecond: 10 });
    const apart = storeLoad({ ...one, shares: new Float64Array(8).fill(1 / 8), eventsPerSecond: 10 });
    expect(spread["1m"].rowsPerDay).toBeCloseTo(apart["1m"].rowsPerDay, 6);
    expect(spread["1m"].writesPerSecond).toBeCloseTo(apart["1m"].writesPerSecond, 9);
  });

  it("counts at least one event where there is any", () => {
    expect(eventsWhereAny(0)).toBe(1);
    expect(eventsWhereAny(1e-9)).toBeCloseTo(1, 6);
    expect(eventsWhereAny(50)).toBeCloseTo(50, 6);
  });

  it("draws sizes by straight lines between those that were measured", () => {
    const curve = { events: [1, 10, 100], bytes: [100, 1_000, 1_900] };
    expect([0.5, 1, 5.5, 10, 55, 1_000].map((count) => bytesAt(curve, count))).toEqual([
      100, 100, 550, 1_000, 1_450, 1_900,
    ]);
  });
});

describe("a question", () => {
  it("over whole days asks one list, its eras, and the partitions of each era and lane", () => {
    // 16 days from the beginning of an era of 8 days.
    expect(queryFanOut(NOW - 16 * DAY, NOW, 1)).toEqual({ lists: 3, partitions: 2, blocks: 16 });
    expect(queryFanOut(NOW - 16 * DAY, NOW, 64)).toEqual({ lists: 3, partitions: 128, blocks: 1_024 });
  });

  it("over a range with edges asks finer widths for them", () => {
    const { blocks } = queryFanOut(NOW - DAY - 17, NOW, 1);
    expect(blocks).toBe(1 + 1 + 2);
  });
});

it("events by chance come in order, and about as many as expected", () => {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const times = arrivals(0.1, 100_000, random);
  expect(Math.abs(times.length - 10_000)).toBeLessThan(500);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
});
