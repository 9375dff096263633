import { Code, ConnectError } from "@connectrpc/connect";
import type { Cache } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import { describe, expect, it, onTestFinished } from "vitest";
import { granularityToEnum } from "../src/query/granularity.ts";
import { FoldedStore } from "./folded-store.ts";
import { definitionsOf } from "./project.ts";
import { askReporting, plainRows, queryOf } from "./reporting-client.ts";

const START = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;
const definitions = definitionsOf();
const EVENTS = queryOf([START, START + 20 * MINUTE], { granularity: granularityToEnum("5m") });
/** The bound on waiting for the cache, and what a busy machine takes. */
const BEGINS_WITHIN_MS = 3_000;

const away = () => Promise.reject(new Failure("unavailable", "BACKEND_UNAVAILABLE", "the cache is away"));
const never = () => new Promise<never>(() => {});

describe.each([
  { how: "is away", call: away },
  { how: "hangs", call: never },
])("while the cache $how", ({ call }) => {
  it("a query is answered from the store", async () => {
    const { client } = await setUp(call);
    const { result } = await client.query({ query: EVENTS });
    expect(plainRows(result)[0]).toEqual(["2026-11-20T00:00:00Z", 1]);
  });

  it("a watch begins, and tells what is stored later", async () => {
    const { client, folded } = await setUp(call);
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const began = performance.now();
    const messages = client.watch({ query: EVENTS }, { signal: stop.signal })[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ kind: { case: "whole" } });
    expect(performance.now() - began).toBeLessThan(BEGINS_WITHIN_MS);
    await store(folded, START + 6 * MINUTE);
    const { value } = await messages.next();
    expect(value).toMatchObject({ kind: { case: "change", value: { changedRows: [{}] } } });
  });

  it("a tail begins, and waits for the cache", async () => {
    const { client } = await setUp(call);
    const stop = new AbortController();
    const began = performance.now();
    const messages = client.tail({ recentCount: 10 }, { signal: stop.signal })[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ events: [] });
    expect(performance.now() - began).toBeLessThan(BEGINS_WITHIN_MS);
    stop.abort();
    const ended = messages.next().then(
      () => undefined,
      (error: unknown) => ConnectError.from(error).code,
    );
    expect([undefined, Code.Canceled]).toContain(await ended);
  });
});

async function setUp(call: () => Promise<never>) {
  const cache: Cache = {
    ...{ get: call, set: call, delete: call, increment: call, publish: call, subscribe: call },
    close: async () => {},
  };
  const folded = await FoldedStore.open();
  const { client, app } = await askReporting(
    folded.store,
    () => definitions,
    () => START + 10 * MINUTE,
    {},
    cache,
  );
  onTestFinished(() => app.close());
  await store(folded, START + MINUTE);
  return { client, folded };
}

async function store(folded: FoldedStore, timeMs: number): Promise<void> {
  folded.fold(definitions, [{ timeMs, country: "de", page: "/a", user: "u1", amount: 1 }], timeMs);
  await folded.flush();
  await folded.markAll(timeMs);
}
