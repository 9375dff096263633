import { setTimeout as delay } from "node:timers/promises";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { type OwnServers, ownCassandra } from "@millrace/harness/servers";
import { ANSWERS_LOST, BLACK_HOLE, type Manners, type TcpProxy } from "@millrace/harness/tcp-proxy";
import { until } from "@millrace/harness/until";
import { migrateCassandraRecordStore, openCassandraRecordStore } from "@millrace/record-store/cassandra";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { blockAccounts, expectAccounts, keepAdding, keepWriting } from "./cassandra-accounts.ts";
import { plainClient } from "./cassandra-address.ts";

/** What happens to the link, one after the other, each for a moment, with a moment of peace in between. */
const FAULTS: readonly Manners[] = [
  ANSWERS_LOST,
  BLACK_HOLE,
  { toServer: { flow: "hold" } },
  { toClient: { resetAfterBytes: 700 } },
  { toServer: { resetAfterBytes: 3_000 } },
  { toServer: { latencyMs: 150, jitterMs: 100 }, toClient: { latencyMs: 150, jitterMs: 100 } },
  { toClient: { bytesPerSecond: 4_000 } },
  { refuses: true },
  ANSWERS_LOST,
];
const FAULT_MS = 400;
const PEACE_MS = 300;
/** A request's own timeout is five seconds; what is begun is ended a little after the time for repetitions. */
const ENDS_WITHIN_MS = 9_000;

let server: OwnServers;
let proxy: TcpProxy;
let cluster: { contactPoints: string[]; localDataCenter: string; keyspace: string; replicas: Record<string, number> };

beforeAll(async () => {
  server = await ownCassandra({ proxied: true });
  proxy = server.nodes[0]?.proxy as TcpProxy;
  cluster = {
    contactPoints: server.addresses,
    localDataCenter: "datacenter1",
    keyspace: "faults",
    replicas: { datacenter1: 1 },
  };
  await migrateCassandraCellStore(cluster);
  await migrateCassandraRecordStore(cluster);
});

afterEach(() => proxy.become({}));
afterAll(() => server?.dispose());

describe("over a link that fails in every way, one after the other", () => {
  it("what was acknowledged is there once, at the right write time, and nothing is torn or from nowhere", async () => {
    const store = await openCells();
    const records = [await openRecords(), await openRecords()];
    const accounts = blockAccounts("accounts", 50);
    let isOver = false;
    const writing = keepWriting(store, accounts, () => isOver);
    const adding = Promise.all(records.map((store, i) => keepAdding(store, `w${i}`, () => isOver)));
    for (const fault of FAULTS) {
      await proxy.become(fault);
      await delay(FAULT_MS);
      await proxy.become({});
      await delay(PEACE_MS);
      proxy.cut();
      await delay(PEACE_MS);
    }
    const before = accounts[0]?.acknowledged ?? 0;
    await until("writing goes on", () => (accounts[0]?.acknowledged ?? 0) > before + 3);
    isOver = true;
    await writing;
    const tokens = await adding;
    await expectAccounts(store, accounts);

    const record = await records[0]?.get("tokens", "all");
    const made = new TextDecoder().decode(record?.value).split(" ");
    expect(new Set(made).size).toBe(made.length);
    expect(record?.version).toBe(made.length);
    const acknowledged = tokens.flatMap((account) => account.acknowledged);
    const unknown = new Set(tokens.flatMap((account) => account.unknown));
    expect(made.filter((token) => !unknown.has(token)).toSorted()).toEqual(acknowledged.toSorted());
    expect(acknowledged.length).toBeGreaterThan(0);
  });
});

describe("a change of a record whose answer is lost", () => {
  it("is found to be made by reading back, and is not made twice", async () => {
    const store = await openRecords();
    await store.put({ collection: "lost", id: "before", expectedVersion: 0, value: new Uint8Array([1]) });
    const direct = await directClient();
    const isThere = async () => {
      const query = "SELECT id FROM faults.records WHERE collection = 'lost' AND live = true ALLOW FILTERING";
      return (await direct.execute(query)).rows.length > 1;
    };
    // The reading before goes through; the answer of the transaction does not.
    await proxy.become({ toClient: { latencyMs: 300 } });
    const changing = store.put({ collection: "lost", id: "one", expectedVersion: 0, value: new Uint8Array([2]) });
    await until("it is made", isThere, { everyMs: 5 });
    await proxy.become(ANSWERS_LOST);
    // Past the latency, in which the answer would have come.
    await delay(400);
    await proxy.become({});
    expect(await changing).toBe(1);
    expect((await store.get("lost", "one"))?.version).toBe(1);
  });
});

describe("while nothing is answered", () => {
  it("every call ends with what became of it, and all goes on when answers come again", async () => {
    const store = await openCells({ retryForMs: 500 });
    const records = await openRecords({ retryForMs: 500 });
    const accounts = blockAccounts("silence", 20);
    await keepWriting(store, accounts, () => accounts[0]?.acknowledged === 1);
    const keys = accounts.map(({ key }) => key);
    await proxy.become(BLACK_HOLE);
    const began = performance.now();
    const endings = await Promise.allSettled([
      store.writeBlocks(keys.map((key) => ({ key, wts: 2, blob: new Uint8Array([2]) }))),
      store.readBlocks(keys),
      store
        .scan({ ...(keys[0] as (typeof keys)[0]), fromBucket: 0, toBucket: 10_000 })
        [Symbol.asyncIterator]()
        .next(),
      store.readStates("watermark"),
      store.ready(),
      records.get("tokens", "all"),
      openCells(),
      openCells({ contactPoints: ["127.0.0.1:1"] }),
    ]);
    expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
    const kinds = endings.map((ending) => (ending.status === "rejected" ? ending.reason.kind : "done"));
    expect(kinds).toEqual(["unknownOutcome", ...Array.from({ length: 7 }, () => "unavailable")]);
    await proxy.become({});
    await until("it answers again", () => store.ready().then(() => true));
    for (const account of accounts) account.sent = 2;
    const blocks = await store.readBlocks(keys);
    for (const block of blocks) expect([1, 2]).toContain(block?.wts);
  });

  it("no more requests are under way than allowed, however many are made, and who gives up leaves the queue", async () => {
    const store = await openCells({ maxInFlight: 16 });
    const direct = await directClient();
    // Prepares the statement.
    await store.writeStates([{ kind: "first", source: "1:0", name: "x", wts: 1, value: new Uint8Array(1) }]);
    await proxy.become(ANSWERS_LOST);
    const abort = new AbortController();
    const { signal } = abort;
    const writes = Array.from({ length: 40 }, async (_, i) => {
      const states = [{ kind: "bounded", source: `1:${i}`, name: "x", wts: 1, value: new Uint8Array(1) }];
      await store.writeStates(states, { signal });
    });
    const applied = async () =>
      Number((await direct.execute("SELECT count(*) FROM faults.states WHERE kind = 'bounded'")).first()?.["count"]);
    await until("some are applied", async () => (await applied()) === 16);
    // In which more would be applied, if more were on their way.
    await delay(300);
    expect(await applied()).toBe(16);
    abort.abort();
    const outcomes = await Promise.allSettled(writes);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { kind: "cancelled" } });
  });
});

async function openCells(more: { retryForMs?: number; maxInFlight?: number; contactPoints?: string[] } = {}) {
  const store = await openCassandraCellStore({ ...cluster, ...more });
  onTestFinished(() => store.close());
  return store;
}

async function openRecords(more: { retryForMs?: number } = {}) {
  const store = await openCassandraRecordStore({ ...cluster, ...more });
  onTestFinished(() => store.close());
  return store;
}

/** A client past the proxy. */
async function directClient() {
  const client = await plainClient({ ...cluster, contactPoints: [server.nodes[0]?.address ?? ""] });
  onTestFinished(() => client.shutdown());
  return client;
}
