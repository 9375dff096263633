import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Condition_Operator, type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { Comparison } from "@millrace/api/millrace/reporting/v1/query_pb";
import { localBuckets, localDayStart, type SeriesGranularity, shiftRange, TIERS } from "@millrace/rollup";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { granularityToEnum } from "../src/query/granularity.ts";
import { FoldedStore, type TestEvent } from "./folded-store.ts";
import { bucketStartOf, naive } from "./oracle.ts";
import { definitionsOf } from "./project.ts";
import { askReporting, moment, plainRows, queryOf } from "./reporting-client.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Zones, each with a moment at which its clock changed. */
const CHANGES = [
  ["Europe/Berlin", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2025-10-26T01:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z"],
  ["America/Sao_Paulo", "2019-02-17T02:00Z"],
  ["Asia/Kathmandu", "2026-05-01T00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["UTC", "2026-01-01T00:00Z"],
] as const;

const event = fc.record({
  minute: fc.integer({ min: -4 * 1440, max: 4 * 1440 - 1 }),
  country: fc.constantFrom("de", "fr", "np", ""),
  page: fc.constantFrom("/a", "/b", "/b/c", "/d"),
  user: fc.constantFrom("u1", "u2", "u3", "u4", "u5"),
  amount: fc.integer({ min: -50_000, max: 50_000 }).map((cents) => cents / 100),
  source: fc.constantFrom("1:0", "1:3"),
});

const shape = fc.record({
  granularity: fc.constantFrom<SeriesGranularity | undefined>(
    undefined,
    "1m",
    "5m",
    "15m",
    "1h",
    "1d",
    "week",
    "month",
  ),
  dimensions: fc.constantFrom<string[]>([], ["country"], ["page"], ["country", "page"], ["page", "country"]),
  filter: fc.constantFrom("none", "equals", "in", "not", "both"),
  comparison: fc.constantFrom(Comparison.UNSPECIFIED, Comparison.UNSPECIFIED, Comparison.PREVIOUS_PERIOD),
  from: fc.integer({ min: -4 * 1440, max: 3 * 1440 }),
  minutes: fc.integer({ min: 1, max: 4 * 1440 }),
  limit: fc.constantFrom(0, 1, 3),
});

function condition(field: string, operator: Condition_Operator, ...texts: string[]): Filter {
  const values = texts.map((value) => create(ValueSchema, { kind: { case: "stringValue", value } }));
  return create(FilterSchema, { kind: { case: "condition", value: { field, operator, values } } });
}

const isGerman = condition("country", Condition_Operator.EQUALS, "de");
const onPages = condition("page", Condition_Operator.IN, "/a", "/b");

/** Filters, each with what it lets pass. */
const FILTERS: Record<string, { filter?: Filter; fields: string[]; passes: (event: TestEvent) => boolean }> = {
  none: { fields: [], passes: () => true },
  equals: { filter: isGerman, fields: ["country"], passes: ({ country }) => country === "de" },
  in: { filter: onPages, fields: ["page"], passes: ({ page }) => page === "/a" || page === "/b" },
  not: {
    filter: create(FilterSchema, { kind: { case: "not", value: condition("country", Condition_Operator.EXISTS) } }),
    fields: ["country"],
    passes: ({ country }) => country === "",
  },
  both: {
    filter: create(FilterSchema, { kind: { case: "all", value: { filters: [isGerman, onPages] } } }),
    fields: ["country", "page"],
    passes: ({ country, page }) => country === "de" && (page === "/a" || page === "/b"),
  },
};

/** The rows that an answer must have, by their keys, counted event by event. */
function expectedRows(
  events: readonly TestEvent[],
  [start, end]: readonly [number, number],
  zone: string,
  granularity: SeriesGranularity | undefined,
  dimensions: readonly string[],
  metrics: readonly string[],
): Map<string, unknown[]> {
  const inRange = events.filter(({ timeMs }) => timeMs >= start && timeMs < end);
  const starts = granularity ? [...localBuckets(zone, granularity, start, end)].map((bucket) => bucket.start) : [start];
  const tupleOf = (one: TestEvent) => JSON.stringify(dimensions.map((name) => one[name as "country" | "page"]));
  const tuples = dimensions.length === 0 ? ["[]"] : [...new Set(inRange.map(tupleOf))];
  const rows = new Map<string, unknown[]>();
  for (const tuple of tuples) {
    for (const [index, bucket] of starts.entries()) {
      const own = inRange.filter(
        (one) => tupleOf(one) === tuple && (!granularity || bucketStartOf(zone, granularity, one.timeMs) === bucket),
      );
      rows.set(
        `${index} ${tuple}`,
        metrics.map((metric) => naive(metric.split(".")[0]!, own)),
      );
    }
  }
  return rows;
}

function expectSame(actual: unknown, expected: unknown, metric: string, place: string): void {
  if (metric === "mean" && typeof expected === "number") expect(actual, place).toBeCloseTo(expected, 6);
  else if (metric.startsWith("speed") && typeof expected === "number") {
    expect(Math.abs((actual as number) - expected), place).toBeLessThanOrEqual(Math.abs(expected) * 0.0101);
  } else expect(actual, `${metric} at ${place}`).toEqual(expected);
}

describe("a query", () => {
  it("gives what counting the events one by one gives: zones, clock changes, filters, comparisons, pages", async () => {
    const setup = fc.record({
      change: fc.constantFrom(...CHANGES),
      events: fc.array(event, { minLength: 1, maxLength: 40 }),
      imported: fc.boolean(),
      // The project's own zone, whose days have cells, or another.
      projectZone: fc.boolean(),
      daysLater: fc.constantFrom(5, 5, 30, 500),
      lagMinutes: fc.constantFrom(0, 7, 100, 2_000),
      shapes: fc.array(shape, { minLength: 4, maxLength: 8 }),
    });
    let answered = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(setup, async ({ change: [zone, at], shapes, ...given }) => {
        const anchor = Date.parse(at);
        const now = anchor + given.daysLater * DAY + 13 * MINUTE;
        const definitions = definitionsOf({ zone: given.projectZone ? zone : "UTC", aroundMs: anchor });
        const folded = await FoldedStore.open();
        const lag = { "1m": 0, "15m": 1, "1h": 2, "1d": 3 };
        // A coarse tier that lags lacks an import of old events, as its watermark says: then there is nothing to compare.
        const lagMinutes = given.imported ? 0 : given.lagMinutes;
        const mark = (tier: keyof typeof lag) => now - lag[tier] * lagMinutes * MINUTE;
        const events = given.events.map((one) => ({ ...one, timeMs: anchor + one.minute * MINUTE + 17 }));
        for (const one of events) {
          const receivedAtMs = given.imported ? now - DAY : one.timeMs + 50;
          const tiers = TIERS.filter((tier) => receivedAtMs <= mark(tier));
          folded.fold(definitions, [one], receivedAtMs, tiers, one.source);
        }
        await folded.flush();
        const marks = { "1m": mark("1m"), "15m": mark("15m"), "1h": mark("1h"), "1d": mark("1d") };
        for (const source of ["1:0", "1:3"]) await folded.mark(marks, source);
        const { client } = await askReporting(
          folded.store,
          () => definitions,
          () => now,
        );
        for (const one of shapes) {
          const { filter, fields, passes } = FILTERS[one.filter]!;
          const { granularity, dimensions } = one;
          const needed = new Set([...dimensions, ...fields]);
          const metrics = needed.has("page")
            ? ["events", "amount", "users"]
            : ["events", "amount", "users", "least", "greatest", "mean", "speed.p50"];
          let start = anchor + one.from * MINUTE;
          let end = start + one.minutes * MINUTE;
          if (granularity === undefined) {
            start = localDayStart(zone, start);
            end = localDayStart(zone, end + 2 * DAY);
          }
          const query = queryOf([start, end], {
            metrics,
            dimensions,
            timeZone: zone,
            comparison: one.comparison,
            // Pages of single rows would be hundreds.
            limit: granularity && dimensions.length === 0 ? one.limit * 70 : one.limit,
            ...(granularity && { granularity: granularityToEnum(granularity) }),
            ...(filter && { filter }),
          });
          const matching = events.filter(passes);
          const rows: unknown[][] = [];
          let range: readonly [number, number] = [start, end];
          let compared: readonly [number, number] | undefined;
          try {
            for (let pages = 0; ; pages++) {
              expect(pages).toBeLessThan(20_000);
              const { result } = await client.query({ query });
              rows.push(...plainRows(result));
              range = [moment(result?.timeRange?.startTime)!, moment(result?.timeRange?.endTime)!];
              const other = result?.comparisonTimeRange;
              compared = other && [moment(other.startTime)!, moment(other.endTime)!];
              expect(result?.columns.every(({ name, exact }) => exact || name.startsWith("speed"))).toBe(true);
              query.pageToken = result?.nextPageToken ?? "";
              if (query.pageToken === "" || (granularity === "1m" && pages > 5)) break;
            }
          } catch (error) {
            // What can only be put together from cells that are no longer kept is refused, never wrong.
            if (!(error instanceof ConnectError) || error.code !== Code.OutOfRange) throw error;
            const narrow = granularity === "1m" || granularity === "5m" || granularity === "15m";
            const oddZone = zone === "Asia/Kathmandu" || zone === "Australia/Lord_Howe";
            expect(narrow || (given.daysLater === 500 && oddZone) || one.comparison !== 0, error.message).toBe(true);
            refused += 1;
            continue;
          }
          answered += 1;
          const expected = expectedRows(matching, range, zone, granularity, dimensions, metrics);
          const cut = granularity === "1m" && query.pageToken !== "";
          if (!cut) expect(rows).toHaveLength(expected.size);
          const buckets = granularity
            ? [...localBuckets(zone, granularity, ...range)].map((bucket) => bucket.start)
            : [];
          const previous = compared && expectedRows(matching, compared, zone, granularity, dimensions, metrics);
          for (const row of rows) {
            const bucket = granularity ? buckets.indexOf(Date.parse(row[0] as string)) : 0;
            const keys = granularity ? 1 : 0;
            const tuple = JSON.stringify(row.slice(keys, keys + dimensions.length));
            const place = `${JSON.stringify(row)} of ${granularity} ${dimensions} ${one.filter} ${zone}`;
            const wanted = expected.get(`${bucket} ${tuple}`);
            expect(wanted, place).toBeDefined();
            const values = row.slice(keys + dimensions.length);
            metrics.forEach((metric, index) => {
              expectSame(values[index], wanted![index], metric, place);
              if (previous === undefined) return;
              const isBucket = !granularity || bucket < [...localBuckets(zone, granularity, ...compared!)].length;
              const before =
                previous.get(`${bucket} ${tuple}`) ?? metrics.map((name) => naive(name.split(".")[0]!, []));
              expectSame(values[metrics.length + index], isBucket ? before[index] : null, metric, `${place} before`);
            });
          }
          if (one.comparison !== 0) {
            const shifted = shiftRange(zone, { start: range[0], end: range[1] }, "previousPeriod");
            if (!granularity) expect(compared).toEqual([shifted.start, shifted.end]);
          }
        }
      }),
      { numRuns: 15 },
    );
    expect(answered).toBeGreaterThan(refused);
  }, 60_000);
});
