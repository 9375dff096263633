import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { type Column, type Query, QuerySchema, RelativeRange_Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { encodeLiveMessage, liveChannel, watchedKey } from "@millrace/cell-store";
import { describe, expect, it, onTestFinished } from "vitest";
import { granularityToEnum } from "../src/query/granularity.ts";
import { rowKey } from "../src/watch/difference.ts";
import { type Flushed, FoldedStore, type TestEvent } from "./folded-store.ts";
import { definitionsOf } from "./project.ts";
import { type Asked, askReporting, plainRow, plainRows, queryOf } from "./reporting-client.ts";

const START = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;
const definitions = definitionsOf();

/** A watcher that puts together what it is sent. */
class Watcher {
  readonly messages: WatchResponse[] = [];
  error: unknown;
  readonly #rows = new Map<string, unknown[]>();
  readonly #stop = new AbortController();
  #columns: readonly Column[] = [];

  constructor({ client }: Asked, query: Query, pause: () => Promise<void> = async () => undefined) {
    void this.#run(client.watch({ query }, { signal: this.#stop.signal }), pause);
    onTestFinished(() => this.#stop.abort());
  }

  get rows(): unknown[][] {
    return [...this.#rows.values()];
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(responses: AsyncIterable<WatchResponse>, pause: () => Promise<void>): Promise<void> {
    try {
      for await (const response of responses) {
        this.#take(response);
        this.messages.push(response);
        await pause();
      }
    } catch (error) {
      this.error = error;
    }
  }

  #take({ kind }: WatchResponse): void {
    if (kind.case === "whole") {
      this.#rows.clear();
      this.#columns = kind.value.columns;
      for (const row of kind.value.rows) this.#rows.set(rowKey(row, this.#columns), plainRow(row));
    } else if (kind.case === "change") {
      for (const row of kind.value.removedRows) expect(this.#rows.delete(rowKey(row, this.#columns))).toBe(true);
      for (const row of kind.value.changedRows) this.#rows.set(rowKey(row, this.#columns), plainRow(row));
    }
  }
}

function eventAt(timeMs: number, more: Partial<TestEvent> = {}): TestEvent {
  return { timeMs, country: "de", page: "/a", user: "u1", amount: 1.5, ...more };
}

async function publish({ cache }: Asked, flushed: readonly Flushed[]): Promise<void> {
  for (const { key, partial } of flushed) {
    const { bytes: cells, ...position } = partial;
    await cache.publish(liveChannel(key.projectId), encodeLiveMessage({ key, ...position, cells }));
  }
}

function sorted(rows: readonly unknown[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function rowsOf({ client }: Asked, query: Query): Promise<string[]> {
  const { result } = await client.query({ query });
  return sorted(plainRows(result));
}

async function setUp(now: () => number = () => START + 10 * MINUTE, limits = {}) {
  const folded = await FoldedStore.open();
  const asked = await askReporting(folded.store, () => definitions, now, limits);
  await folded.markAll(START);
  return { folded, asked };
}

const byCountry = queryOf([START, START + 20 * MINUTE], {
  metrics: ["events", "amount", "users"],
  dimensions: ["country"],
  granularity: granularityToEnum("5m"),
});

describe("a watch", () => {
  it("puts together what a query says, whatever comes and whatever message is lost", async () => {
    const { folded, asked } = await setUp();
    const watcher = new Watcher(asked, byCountry);
    // Reads so slowly that changes come together, and some are missed.
    const slow = new Watcher(asked, byCountry, () => setTimeout(120));
    await expect.poll(() => watcher.messages.length).toBe(1);
    for (let round = 0; round < 12; round++) {
      const at = START + (round % 4) * 5 * MINUTE + round * 1000;
      const country = ["de", "fr", "np"][round % 3]!;
      folded.fold(
        definitions,
        [eventAt(at, { country, user: `u${round}`, amount: round - 5.25 })],
        START + round * 1000,
      );
      const flushed = await folded.flush();
      await folded.markAll(START + round * 1000);
      if (round % 4 !== 3) await publish(asked, flushed);
      // Messages go out between rounds, rather than all at the end.
      await setTimeout(30);
    }
    const expected = await rowsOf(asked, byCountry);
    await expect.poll(() => sorted(watcher.rows), { timeout: 4_000 }).toEqual(expected);
    await expect.poll(() => sorted(slow.rows), { timeout: 4_000 }).toEqual(expected);
    expect(watcher.messages.map(({ kind }) => kind.case).slice(0, 2)).toEqual(["whole", "change"]);
    expect(watcher.messages.slice(1).every(({ kind }) => kind.case === "change")).toBe(true);
  });

  it("sends a change within half a second of its flush, with a message and, at first, without", async () => {
    const { folded, asked } = await setUp();
    const watcher = new Watcher(asked, byCountry);
    await expect.poll(() => watcher.messages.length).toBe(1);
    for (const isPublished of [false, true, true]) {
      const before = watcher.messages.length;
      folded.fold(definitions, [eventAt(START + MINUTE)], START + before);
      const flushed = await folded.flush();
      await folded.markAll(START + before);
      const began = performance.now();
      if (isPublished) await publish(asked, flushed);
      await expect.poll(() => watcher.messages.length, { interval: 5 }).toBeGreaterThan(before);
      expect(performance.now() - began).toBeLessThan(500);
    }
  });

  it("marks the project as watched, so that changes are published", async () => {
    const { asked } = await setUp();
    expect(await asked.cache.get(watchedKey("shop"))).toBeUndefined();
    const watcher = new Watcher(asked, byCountry);
    await expect.poll(() => watcher.messages.length).toBe(1);
    expect(await asked.cache.get(watchedKey("shop"))).toBeDefined();
  });

  it("says what is no longer among the first", async () => {
    const { folded, asked } = await setUp();
    const top = queryOf([START, START + 20 * MINUTE], { dimensions: ["country"], limit: 1 });
    folded.fold(definitions, [eventAt(START)], START);
    await folded.flush();
    const watcher = new Watcher(asked, top);
    await expect.poll(() => watcher.rows).toEqual([["de", 1]]);
    folded.fold(definitions, [eventAt(START, { country: "fr" }), eventAt(START, { country: "fr" })], START + 1);
    await publish(asked, await folded.flush());
    await expect.poll(() => watcher.rows).toEqual([["fr", 2]]);
  });

  it("sends the whole again when a relative range moves on", async () => {
    let now = START + 10 * MINUTE + 59_000;
    const { folded, asked } = await setUp(() => now);
    folded.fold(definitions, [eventAt(START + 10 * MINUTE)], START);
    await folded.flush();
    const value = { last: 2, unit: RelativeRange_Unit.MINUTE };
    const timeRange = { kind: { case: "relative" as const, value } };
    const granularity = granularityToEnum("1m");
    const watcher = new Watcher(asked, create(QuerySchema, { metrics: ["events"], granularity, timeRange }));
    await expect.poll(() => watcher.rows.map((row) => row[1])).toEqual([0, 1]);
    now += 2_000;
    await expect.poll(() => watcher.rows.map((row) => row[1])).toEqual([1, 0]);
    expect(watcher.messages.map(({ kind }) => kind.case)).toEqual(["whole", "whole"]);
  });

  it("ends with unavailable when the server drains", async () => {
    const { asked } = await setUp();
    const watcher = new Watcher(asked, byCountry);
    await expect.poll(() => watcher.messages.length).toBe(1);
    asked.app.drain();
    await expect.poll(() => watcher.error).toMatchObject({ code: Code.Unavailable });
    const late = new Watcher(asked, byCountry);
    await expect.poll(() => late.error).toMatchObject({ code: Code.Unavailable });
  });

  it("is refused beyond the places that a project has, and gives its place back", async () => {
    const { asked } = await setUp(undefined, { watchesPerProjectMax: 1 });
    const first = new Watcher(asked, byCountry);
    await expect.poll(() => first.messages.length).toBe(1);
    const second = new Watcher(asked, byCountry);
    await expect.poll(() => second.error).toMatchObject({ code: Code.ResourceExhausted });
    first.stop();
    await expect
      .poll(async () => {
        const third = new Watcher(asked, byCountry);
        await expect.poll(() => third.messages.length + (third.error ? 1 : 0)).toBe(1);
        return third.error;
      })
      .toBeUndefined();
  });

  it.each([
    { title: "an unknown metric", query: queryOf([START, START + MINUTE], { metrics: ["event"] }) },
    { title: "a page token", query: queryOf([START, START + MINUTE], { pageToken: "x" }) },
  ])("refuses $title as a query does", async ({ query }) => {
    const { asked } = await setUp();
    const watcher = new Watcher(asked, query);
    await expect.poll(() => watcher.error).toMatchObject({ code: Code.InvalidArgument });
  });
});
