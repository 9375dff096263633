import { TIERS } from "@millrace/rollup";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { granularityToEnum } from "../src/query/granularity.ts";
import { FoldedStore } from "./folded-store.ts";
import { definitionsOf } from "./project.ts";
import { askReporting, plainRows, queryOf } from "./reporting-client.ts";

const START = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;
const DAY = 86_400_000;

const event = fc.record({
  minute: fc.integer({ min: 0, max: 1439 }),
  page: fc.integer({ min: 0, max: 9 }).map((page) => `/${page}`),
  source: fc.constantFrom("1:0", "1:1"),
});

/** Two revisions, whose families differ by a rollup, each with few tuples a bucket. */
function revisions(maxTuples: number) {
  const pages = { name: "pages", metrics: ["events"], dimensions: ["page"], maxTuples };
  const before = definitionsOf({ rollups: [pages] });
  const totals = { name: "totals", metrics: ["users"], dimensions: [] };
  return [before, definitionsOf({ rollups: [pages, totals], previous: before.families })] as const;
}

describe("a rollup that meets more tuples than it keeps", () => {
  it("loses no event, never tells too many of a tuple, and is exact where it does not say (other)", async () => {
    const setup = fc.record({
      events: fc.array(event, { minLength: 1, maxLength: 60 }),
      maxTuples: fc.integer({ min: 1, max: 6 }),
      // Finer tiers are whole after a day, and gone after a month or a year.
      daysLater: fc.constantFrom(1, 30, 500),
      hourly: fc.boolean(),
    });
    let exact = 0;
    await fc.assert(
      fc.asyncProperty(setup, async ({ events, maxTuples, daysLater, hourly }) => {
        const now = START + daysLater * DAY + 30 * MINUTE;
        const [before, after] = revisions(maxTuples);
        const folded = await FoldedStore.open();
        for (const [index, { minute, page, source }] of events.entries()) {
          const timeMs = START + minute * MINUTE;
          const definitions = index < events.length / 2 ? before : after;
          folded.fold(definitions, [{ timeMs, page, country: "", user: "u", amount: 1 }], timeMs, TIERS, source);
        }
        await folded.flush();
        for (const source of ["1:0", "1:1"]) await folded.markAll(now, source);
        const { client } = await askReporting(
          folded.store,
          () => after,
          () => now,
        );
        const granularity = hourly ? { granularity: granularityToEnum("1h") } : {};
        const query = queryOf([START, START + DAY], { dimensions: ["page"], ...granularity });
        const { result } = await client.query({ query });
        const counted = new Map<string, number>();
        let sum = 0;
        for (const [index, row] of plainRows(result).entries()) {
          const [page, count] = row.slice(hourly ? 1 : 0) as [string, number];
          sum += count;
          if (!result!.rows[index]!.other) counted.set(page, (counted.get(page) ?? 0) + count);
        }
        expect(sum).toBe(events.length);
        const hasTail = result!.notices.length > 0;
        if (!hasTail) exact += 1;
        for (const page of new Set(events.map((one) => one.page))) {
          const truth = events.filter((one) => one.page === page).length;
          if (hasTail) expect(counted.get(page) ?? 0).toBeLessThanOrEqual(truth);
          else expect(counted.get(page)).toBe(truth);
        }
      }),
      { numRuns: 60 },
    );
    expect(exact).toBeGreaterThan(10);
  }, 30_000);
});
