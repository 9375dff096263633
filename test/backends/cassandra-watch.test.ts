import type { RecordStore } from "@millrace/record-store";
import { migrateCassandraRecordStore, openCassandraRecordStore } from "@millrace/record-store/cassandra";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

const cluster = await testCluster("watch");
const client = await plainClient(cluster);
const text = (value: string) => new TextEncoder().encode(value);

beforeAll(async () => {
  await migrateCassandraRecordStore(cluster);
});

afterAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

describe("two processes over one cluster", () => {
  it("are told of each other's changes within a second, every record's last one, in its order", async () => {
    const [one, other] = [await open(), await open()];
    const iterator = one.watch()[Symbol.asyncIterator]();
    const last = new Map<string, number>();
    const changing = (async () => {
      for (let version = 0, round = 0; round < 5; round++) {
        const puts = Array.from({ length: 20 }, (_, n) =>
          other.put({ collection: "project", id: `p${n}`, expectedVersion: version, value: text(`${round}`) }),
        );
        version = (await Promise.all(puts))[0] ?? 0;
      }
      return performance.now();
    })();
    while (last.size < 20 || [...last.values()].some((version) => version < 5)) {
      const { value } = await iterator.next();
      for (const { id, version } of value ?? []) {
        expect(version).toBeGreaterThan(last.get(id) ?? 0);
        last.set(id, version);
      }
    }
    expect(performance.now() - (await changing)).toBeLessThan(1_000);
    await iterator.return?.();
  });

  it("let exactly one win who expect the same version", async () => {
    const stores = [await open(), await open(), await open()];
    let version = 0;
    for (let round = 0; round < 10; round++) {
      const change = { collection: "race", id: "one", expectedVersion: version, value: text(`${round}`) };
      const outcomes = await Promise.allSettled(stores.map((store) => store.put(change)));
      const won = outcomes.filter(({ status }) => status === "fulfilled");
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ kind: "stale" });
      }
      version = (await stores[0]?.get("race", "one"))?.version ?? 0;
    }
    expect(version).toBe(10);
  });
});

describe("a watcher", () => {
  it("is told to begin anew where notices are gone", async () => {
    const store = await open();
    const iterator = store.watch()[Symbol.asyncIterator]();
    await client.execute(`UPDATE ${cluster.keyspace}.records SET changes = 1000000 WHERE shard = 3`);
    await expect(iterator.next()).rejects.toMatchObject({ kind: "unavailable" });
  });
});

async function open(): Promise<RecordStore> {
  const store = await openCassandraRecordStore(cluster);
  onTestFinished(() => store.close());
  return store;
}
