import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { Condition_Operator, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import {
  Comparison,
  type Query,
  QuerySchema,
  RelativeRange_Unit,
  Row_State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { BlockReader } from "@millrace/cell-store";
import { describe, expect, it } from "vitest";
import { granularityToEnum } from "../src/query/granularity.ts";
import { FoldedStore, type TestEvent } from "./folded-store.ts";
import { definitionsOf, type ProjectSpec } from "./project.ts";
import { askReporting, moment, plainRows, queryOf } from "./reporting-client.ts";

const START = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const hourly = granularityToEnum("1h");

function eventAt(timeMs: number, more: Partial<TestEvent> = {}): TestEvent {
  return { timeMs, country: "de", page: "/a", user: "u1", amount: 1.5, ...more };
}

function filterOf(field: string, operator: Condition_Operator, ...texts: string[]) {
  const values = texts.map((value) => create(ValueSchema, { kind: { case: "stringValue", value } }));
  return create(FilterSchema, { kind: { case: "condition", value: { field, operator, values } } });
}

/** Reporting over some events that were received when they happened. */
async function setUp(events: readonly TestEvent[], spec: ProjectSpec = {}, now = START + DAY, limits = {}) {
  const definitions = definitionsOf(spec);
  const folded = await FoldedStore.open();
  if (events.length > 0) folded.fold(definitions, events, Math.min(now, events.at(-1)!.timeMs));
  await folded.flush();
  await folded.markAll(now);
  const { client } = await askReporting(
    folded.store,
    () => definitions,
    () => now,
    limits,
  );
  const ask = async (query: Query) => (await client.query({ query })).result!;
  const failure = async (query: Query) => {
    const error = await ask(query).then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    const details = (error?.details ?? []) as unknown as { debug?: unknown; value?: unknown }[];
    return {
      message: error?.rawMessage ?? "",
      code: error?.code,
      text: JSON.stringify(details.map((one) => one.debug ?? one)),
    };
  };
  return { definitions, folded, client, ask, failure };
}

const today = [START, START + DAY] as const;

describe("a wrong query", () => {
  it.each([
    {
      title: "a metric",
      query: { metrics: ["events", "amont"] },
      says: ['query.metrics[1]: there is no metric "amont"', 'did you mean "amount"?'],
    },
    {
      title: "quantiles without a quantile",
      query: { metrics: ["speed"] },
      says: ["query.metrics[0]", "speed.p50, speed.p95, speed.p99"],
    },
    { title: "a quantile of a sum", query: { metrics: ["amount.p95"] }, says: ['"amount" has no quantiles'] },
    { title: "a quantile of 100", query: { metrics: ["speed.p100"] }, says: ["0 < NN < 100"] },
    {
      title: "a dimension",
      query: { dimensions: ["contry"] },
      says: ["query.dimensions[0]", 'did you mean "country"?'],
    },
    {
      title: "a filter's field",
      query: { filter: filterOf("pag", Condition_Operator.EXISTS) },
      says: ["query.filter.condition.field", 'did you mean "page"?'],
    },
    {
      title: "a filter without its value",
      query: { filter: filterOf("page", Condition_Operator.EQUALS) },
      says: ["query.filter.condition.values", "must have one value"],
    },
    {
      title: "a zone",
      query: { timeZone: "Europe/Berln" },
      says: ["query.time_zone", 'did you mean "Europe/Berlin"?'],
    },
    {
      title: "an order",
      query: { dimensions: ["country"], orderBy: [{ field: "countries" }] },
      says: ["query.order_by[0].field", 'did you mean "country"?'],
    },
    {
      title: "an order by time without a series",
      query: { orderBy: [{ field: "time" }] },
      says: ['"time" is no column'],
    },
    { title: "a page token", query: { pageToken: "abc" }, says: ["query.page_token: is damaged"] },
  ])("names $title that is wrong, and the nearest choice", async ({ query, says }) => {
    const { failure } = await setUp([]);
    const { message } = await failure(queryOf(today, query));
    for (const text of says) expect(message).toContain(text);
  });

  it.each([
    { title: "that ends before it starts", range: [START, START] as const, says: "must be after start_time" },
    {
      title: "that starts in a minute",
      range: [START + 29_000, START + DAY] as const,
      says: "such as 2026-11-20T00:00:00.000Z",
    },
    { title: "of centuries", range: [0, Date.UTC(2150, 0, 1)] as const, says: "no longer than 100 years" },
    { title: "before 1970", range: [-MINUTE, START] as const, says: "between 1970 and 2200" },
  ])("names a range $title", async ({ range, says }) => {
    const { failure } = await setUp([]);
    expect((await failure(queryOf(range))).message).toContain(says);
  });

  it("names the rollup that would answer it", async () => {
    const { failure } = await setUp([]);
    const query = queryOf(today, {
      metrics: ["events", "mean"],
      dimensions: ["page"],
      filter: filterOf("country", Condition_Operator.EXISTS),
    });
    expect((await failure(query)).message).toBe(
      "no rollup keeps mean by page, country; one that counts from now on is made by: " +
        "millrace rollup create by_page_country --metrics mean --by page,country",
    );
  });

  it("names the finest granularity that is kept, and the nearest range with whole buckets", async () => {
    const { failure, ask } = await setUp([], {}, START + 30 * DAY);
    const minutes = await failure(queryOf(today, { granularity: granularityToEnum("1m") }));
    expect(minutes.message).toContain(
      "1m is no longer kept for all of the range; the finest there is for all of it is 15m",
    );
    const edge = await failure(queryOf([START + 7 * MINUTE, START + HOUR + 20 * MINUTE]));
    expect(edge.message).toContain("2026-11-20T00:00:00.000Z to 2026-11-20T01:30:00.000Z");
    expect(plainRows(await ask(queryOf([START, START + HOUR + 30 * MINUTE])))).toEqual([[0]]);
  });

  it("is refused when the answer would be too large, with what helps", async () => {
    const events = Array.from({ length: 50 }, (_, i) => eventAt(START + i * MINUTE, { page: `/${i}` }));
    const tuples = await setUp(events, {}, START + DAY, { tuplesMax: 20 });
    expect((await tuples.failure(queryOf(today, { dimensions: ["page"] }))).message).toContain("more than 20 tuples");
    const rows = await setUp(events, {}, START + DAY, { rowsMax: 100 });
    const series = queryOf(today, { dimensions: ["page"], granularity: hourly });
    expect((await rows.failure(series)).message).toContain("a limit of 4");
    const buckets = await setUp(events, {}, START + DAY, { bucketsMax: 100 });
    expect((await buckets.failure(queryOf(today, { granularity: granularityToEnum("1m") }))).message).toContain(
      "100 buckets",
    );
    const cells = await setUp(events, {}, START + DAY, { cellsReadMax: 10 });
    expect((await cells.failure(queryOf(today, { dimensions: ["page"] }))).message).toContain("too many cells");
    const memory = await setUp(events, {}, START + DAY, { heldBytesMax: 1_000 });
    expect((await memory.failure(queryOf(today, { dimensions: ["page"], metrics: ["users"] }))).message).toContain(
      "memory",
    );
  });
});

describe("an answer", () => {
  it("says what its columns are, with units, and how exact they are", async () => {
    const many = Array.from({ length: 300 }, (_, i) => eventAt(START + 1000 * i, { user: `u${i}` }));
    const { ask } = await setUp(many);
    const query = queryOf(today, {
      metrics: ["events", "amount", "users", "mean", "least", "speed.p95"],
      granularity: granularityToEnum("1d"),
    });
    const { columns, rows, timeZone } = await ask(query);
    expect(timeZone).toBe("UTC");
    expect(columns.map(({ name, role, type, unit, exact }) => [name, role, type, unit, exact])).toEqual([
      ["time", 1, 1, "", true],
      ["events", 3, 3, "", true],
      ["amount", 3, 4, "EUR", true],
      ["users", 3, 3, "EUR", false],
      ["mean", 3, 5, "EUR", true],
      ["least", 3, 4, "EUR", true],
      ["speed.p95", 3, 5, "EUR", false],
    ]);
    expect(columns[3]!.relativeError).toBeCloseTo(1.04 / 128, 6);
    expect(columns[6]!.relativeError).toBe(0.01);
    const [time, events, amount, users, mean, least] = plainRows({ rows } as never)[0]!;
    expect([time, events, amount, mean, least]).toEqual(["2026-11-20T00:00:00Z", 300, "450", 1.5, "1.5"]);
    expect(Math.abs((users as number) - 300)).toBeLessThan(15);
  });

  it("writes times with the zone's offset, and has a day of the zone for a day", async () => {
    const { ask } = await setUp([eventAt(START + DAY - 30 * MINUTE)], { zone: "Europe/Berlin" }, START + 2 * DAY);
    const result = await ask(queryOf([START, START + DAY], { granularity: granularityToEnum("1d") }));
    expect(plainRows(result)).toEqual([
      ["2026-11-20T00:00:00+01:00", 0],
      ["2026-11-21T00:00:00+01:00", 1],
    ]);
    expect(moment(result.timeRange?.startTime)).toBe(START - HOUR);
    expect(moment(result.timeRange?.endTime)).toBe(START + 2 * DAY - HOUR);
  });

  it("has final rows once the watermark has passed their end and the late window, and says the watermark", async () => {
    const { ask, folded } = await setUp([eventAt(START)], {}, START + 2 * DAY + HOUR);
    const { rows, watermark } = await ask(queryOf([START, START + 2 * HOUR], { granularity: hourly }));
    expect(rows.map(({ state }) => state)).toEqual([Row_State.FINAL, Row_State.PROVISIONAL]);
    expect(moment(watermark)).toBe(START + 2 * DAY + HOUR);
    await folded.mark({ "1h": START + DAY }, "1:9");
    const behind = await ask(queryOf([START, START + 2 * HOUR], { granularity: hourly }));
    expect(moment(behind.watermark)).toBe(START + DAY);
    expect(behind.rows[0]!.state).toBe(Row_State.PROVISIONAL);
  });

  it("reads watermarks before blocks", async () => {
    const { folded, definitions } = await setUp([eventAt(START)]);
    const calls: string[] = [];
    const { store } = folded;
    const told: BlockReader = {
      readBlocks: (keys, options) => store.readBlocks(keys, options),
      scan(range, options) {
        calls.push("scan");
        return store.scan(range, options);
      },
      readStates(kind, options) {
        calls.push("readStates");
        return store.readStates(kind, options);
      },
    };
    const { client } = await askReporting(
      told,
      () => definitions,
      () => START + DAY,
    );
    await client.query({ query: queryOf(today) });
    expect(calls[0]).toBe("readStates");
    expect(new Set(calls.slice(1))).toEqual(new Set(["scan"]));
  });

  it("is ordered by what is asked, with what has no value last", async () => {
    const events = [
      eventAt(START, { country: "de", amount: 5 }),
      eventAt(START, { country: "fr", amount: 7 }),
      eventAt(START, { country: "np", amount: 5 }),
    ];
    const { ask } = await setUp(events);
    const order = async (...orderBy: { field: string; descending?: boolean }[]) => {
      const query = queryOf(today, { metrics: ["amount"], dimensions: ["country"], orderBy });
      return plainRows(await ask(query)).map(([country]) => country);
    };
    expect(await order()).toEqual(["fr", "de", "np"]);
    expect(await order({ field: "amount" })).toEqual(["de", "np", "fr"]);
    expect(await order({ field: "amount" }, { field: "country", descending: true })).toEqual(["np", "de", "fr"]);
    const series = queryOf([START, START + 2 * HOUR], {
      metrics: ["least"],
      granularity: hourly,
      orderBy: [{ field: "least" }],
    });
    expect(plainRows(await ask(series)).map(([, least]) => least)).toEqual(["5", null]);
  });

  it("takes a page of a relative range up where the page before ended, even when time has moved on", async () => {
    const definitions = definitionsOf();
    const folded = await FoldedStore.open();
    folded.fold(
      definitions,
      ["a", "b", "c"].map((country) => eventAt(START + HOUR, { country })),
      START + HOUR,
    );
    await folded.flush();
    let now = START + DAY - 1;
    await folded.markAll(now);
    const { client } = await askReporting(
      folded.store,
      () => definitions,
      () => now,
    );
    const timeRange = { kind: { case: "relative" as const, value: { last: 1, unit: RelativeRange_Unit.DAY } } };
    const query = create(QuerySchema, { metrics: ["events"], dimensions: ["country"], timeRange, limit: 2 });
    const { result: first } = await client.query({ query });
    now += DAY;
    const { result: second } = await client.query({ query: { ...query, pageToken: first!.nextPageToken } });
    expect([...plainRows(first), ...plainRows(second)]).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]);
    expect(second!.nextPageToken).toBe("");
    const other = client.query({ query: { ...query, limit: 3, pageToken: first!.nextPageToken } });
    await expect(other).rejects.toThrow("belongs to another query");
  });

  it("gives each tuple of a page its whole series", async () => {
    const events = [
      eventAt(START + HOUR, { country: "fr" }),
      eventAt(START, { country: "de" }),
      eventAt(START, { country: "fr" }),
    ];
    const { ask } = await setUp(events);
    const query = queryOf([START, START + 3 * HOUR], { dimensions: ["country"], granularity: hourly, limit: 1 });
    const first = await ask(query);
    expect(plainRows(first).map(([, ...row]) => row)).toEqual([
      ["fr", 1],
      ["fr", 1],
      ["fr", 0],
    ]);
    const second = await ask(create(QuerySchema, { ...query, pageToken: first.nextPageToken } as never));
    expect(plainRows(second).map(([, ...row]) => row)).toEqual([
      ["de", 1],
      ["de", 0],
      ["de", 0],
    ]);
    expect(second.nextPageToken).toBe("");
  });

  it("compares June with May, and a year with the year before", async () => {
    const june = Date.UTC(2026, 5, 1);
    const events = [
      eventAt(Date.UTC(2025, 5, 3)),
      eventAt(Date.UTC(2026, 4, 31, 5)),
      eventAt(june + DAY),
      eventAt(june + 2 * DAY),
    ];
    const { ask } = await setUp(events, {}, june + 60 * DAY);
    const range = [june, Date.UTC(2026, 6, 1)] as const;
    const previous = await ask(queryOf(range, { comparison: Comparison.PREVIOUS_PERIOD }));
    expect(plainRows(previous)).toEqual([[2, 1]]);
    expect(moment(previous.comparisonTimeRange?.startTime)).toBe(Date.UTC(2026, 4, 1));
    expect(plainRows(await ask(queryOf(range, { comparison: Comparison.PREVIOUS_YEAR })))).toEqual([[2, 1]]);
    const daily = await ask(
      queryOf(range, { comparison: Comparison.PREVIOUS_PERIOD, granularity: granularityToEnum("1d") }),
    );
    expect(plainRows(daily)).toHaveLength(30);
    expect(plainRows(daily)[29]).toEqual(["2026-06-30T00:00:00Z", 0, 0]);
  });

  it("joins metrics of several rollups by time and tuple", async () => {
    const rollups = [
      { name: "one", metrics: ["events"], dimensions: ["country"] },
      { name: "two", metrics: ["amount"], dimensions: ["country", "page"], slots: 16 },
    ];
    const { ask } = await setUp([eventAt(START), eventAt(START, { page: "/b" }), eventAt(START, { country: "fr" })], {
      rollups,
    });
    const result = await ask(queryOf(today, { metrics: ["amount", "events"], dimensions: ["country"] }));
    expect(plainRows(result)).toEqual([
      ["de", "3", 2],
      ["fr", "1.5", 1],
    ]);
    expect(result.sources.map(({ rollup }) => rollup)).toEqual(["two", "one"]);
  });

  it("reads past versions of a family, and says since when a rollup counts", async () => {
    const before = definitionsOf({ rollups: [{ name: "totals", metrics: ["events"], dimensions: [] }] });
    const rollups = [
      { name: "totals", metrics: ["events"], dimensions: [] },
      { name: "countries", metrics: ["events"], dimensions: ["country"], startMs: START + HOUR },
    ];
    const after = definitionsOf({ rollups, previous: before.families });
    expect(after.families.map(({ name, version }) => `${name}@${version}`)).toEqual(["main@1", "main@2"]);
    const folded = await FoldedStore.open();
    folded.fold(before, [eventAt(START), eventAt(START)], START);
    folded.fold(after, [eventAt(START + 2 * HOUR)], START + 2 * HOUR);
    await folded.flush();
    await folded.markAll(START + DAY);
    const { client } = await askReporting(
      folded.store,
      () => after,
      () => START + DAY,
    );
    const { result: totals } = await client.query({ query: queryOf(today) });
    expect(plainRows(totals)).toEqual([[3]]);
    expect(totals!.notices).toEqual([]);
    const { result: countries } = await client.query({ query: queryOf(today, { dimensions: ["country"] }) });
    expect(plainRows(countries)).toEqual([["de", 1]]);
    expect(countries!.notices).toEqual([
      'The rollup "countries" counts what is received since 2026-11-20T01:00:00.000Z.',
    ]);
  });
});

describe("tuples beyond what a rollup keeps", () => {
  const rollups = [{ name: "pages", metrics: ["events"], dimensions: ["page"], maxTuples: 2 }];
  // Two an hour are kept, so that hours know all of them and the day does not.
  const spread = Array.from({ length: 8 }, (_, i) => eventAt(START + (i >> 1) * HOUR, { page: `/${i}` }));
  const crowded = Array.from({ length: 4 }, (_, i) => eventAt(START, { page: `/${i}` }));

  it("are answered from finer buckets while those know them", async () => {
    const { ask } = await setUp(spread, { rollups });
    const result = await ask(queryOf(today, { dimensions: ["page"] }));
    expect(plainRows(result)).toEqual(spread.map(({ page }) => [page, 1]));
    expect(result.rows.some(({ other }) => other)).toBe(false);
    expect(result.sources[0]!.granularities).toEqual(["1h", "1d"]);
    expect(result.notices).toEqual([]);
  });

  it("are one row (other) where they were put together, and the answer says so", async () => {
    const { ask } = await setUp(crowded, { rollups });
    const result = await ask(queryOf(today, { dimensions: ["page"] }));
    expect(result.rows.map(({ other }) => other)).toEqual([true, false, false]);
    expect(plainRows(result)).toEqual([
      ["(other)", 2],
      ["/0", 1],
      ["/1", 1],
    ]);
    expect(result.notices[0]).toContain('put together as "(other)"');
  });

  it("are apart from a value that is called (other)", async () => {
    const { ask } = await setUp([eventAt(START, { page: "(other)" }), ...crowded], { rollups });
    const result = await ask(queryOf(today, { dimensions: ["page"] }));
    expect(result.rows.map((row, i) => [plainRows(result)[i], row.other])).toEqual([
      [["(other)", 3], true],
      [["(other)", 1], false],
      [["/0", 1], false],
    ]);
  });

  it("count in totals, and are said to be missing from what a filter lets pass", async () => {
    const { ask } = await setUp(crowded, { rollups });
    expect(plainRows(await ask(queryOf(today)))).toEqual([[4]]);
    const filter = filterOf("page", Condition_Operator.STARTS_WITH, "/");
    const filtered = await ask(queryOf(today, { filter }));
    expect(plainRows(filtered)).toEqual([[2]]);
    expect(filtered.notices[0]).toContain("the filter leaves out its tail");
  });

  it("are found by the one slot that a filter names", async () => {
    const rollups = [{ name: "pages", metrics: ["events"], dimensions: ["page"], slots: 64 }];
    const { ask } = await setUp(spread, { rollups });
    const filter = filterOf("page", Condition_Operator.IN, "/3", "/5", "/99");
    const result = await ask(queryOf(today, { dimensions: ["page"], filter }));
    expect(plainRows(result)).toEqual([
      ["/3", 1],
      ["/5", 1],
    ]);
    expect(Number(result.sources[0]!.blockCount)).toBeLessThan(8);
  });
});

describe("the catalogue", () => {
  it("says what can be asked", async () => {
    const { client } = await setUp([], { zone: "Asia/Kathmandu" });
    const catalog = await client.getCatalog({});
    expect(catalog.projectId).toBe("shop");
    expect(catalog.timeZone).toBe("Asia/Kathmandu");
    expect(catalog.metrics.map(({ name }) => name)).toEqual([
      "amount",
      "events",
      "greatest",
      "least",
      "mean",
      "speed",
      "users",
    ]);
    expect(catalog.dimensions.map(({ name, metrics }) => [name, metrics.length])).toEqual([
      ["country", 7],
      ["page", 3],
    ]);
    expect(catalog.rollups.map(({ name }) => name)).toEqual(["countries", "pages", "totals"]);
    const day = 86_400n;
    expect(catalog.granularities.map(({ retention }) => retention?.seconds)).toEqual([
      7n * day,
      7n * day,
      396n * day,
      396n * day,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
