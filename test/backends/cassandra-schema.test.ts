import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { until } from "@millrace/harness/until";
import { migrateCassandraRecordStore, openCassandraRecordStore } from "@millrace/record-store/cassandra";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

const cluster = await testCluster("schema");
const client = await plainClient(cluster);

beforeAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
});

afterAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

describe("a cluster's schema", () => {
  it("is waited for by a store that is opened before it is there, which says so", async () => {
    const said: string[] = [];
    const opening = openCassandraCellStore({ ...cluster, onWarning: (message) => said.push(message) });
    await until("the store has said what it waits for", () => said.length > 0);
    expect(said).toEqual([
      `waiting for the schema of cell_store: the keyspace ${cluster.keyspace} does not exist, version 1 is needed; ` +
        "run millrace migrate, or name another keyspace",
    ]);
    await migrateCassandraCellStore(cluster);
    const store = await opening;
    await store.ready();
    await store.close();
  });

  it("comes to the same when it is made by four at once, and once more", async () => {
    const made = [1, 2, 3, 4].map((n) =>
      n % 2 === 0 ? migrateCassandraCellStore(cluster) : migrateCassandraRecordStore(cluster),
    );
    await Promise.all(made);
    await migrateCassandraRecordStore(cluster);
    const store = await openCassandraRecordStore(cluster);
    await store.ready();
    await store.close();
  });

  it("is completed where an earlier migration was killed midway, and keeps what is there", async () => {
    const store = await openCassandraCellStore(cluster);
    const state = { kind: "watermark", source: "1:0", name: "1m", wts: 5, value: new Uint8Array([1]) };
    await store.writeStates([state]);
    await client.execute(`DROP TABLE ${cluster.keyspace}.lanes`);
    await client.execute(`DELETE version FROM ${cluster.keyspace}.schema_state WHERE name = 'cell_store'`);
    await migrateCassandraCellStore(cluster);
    expect(await store.readStates("watermark")).toEqual([state]);
    await store.close();
    await (await openCassandraCellStore(cluster)).close();
  });

  it("is refused at the opening where reads do not repair, with what to type", async () => {
    await client.execute(`ALTER TABLE ${cluster.keyspace}.blocks_1m WITH read_repair = 'NONE'`);
    const opening = openCassandraCellStore(cluster);
    await expect(opening).rejects.toMatchObject({ kind: "precondition" });
    await expect(opening).rejects.toThrow(`ALTER TABLE ${cluster.keyspace}.blocks_1m WITH read_repair = 'BLOCKING'`);
    await client.execute(`ALTER TABLE ${cluster.keyspace}.blocks_1m WITH read_repair = 'BLOCKING'`);
  });

  it("is refused by a name that is none, before anything is sent", async () => {
    const opening = openCassandraCellStore({ ...cluster, keyspace: "a; DROP TABLE b" });
    await expect(opening).rejects.toMatchObject({ kind: "invalid", violations: [{ field: "keyspace" }] });
  });
});

describe("a cluster that is not as configured", () => {
  it("is refused where no node is in the data centre", async () => {
    const opening = openCassandraCellStore({ ...cluster, localDataCenter: "elsewhere" });
    await expect(opening).rejects.toMatchObject({ kind: "precondition" });
    await expect(opening).rejects.toThrow("no node of Cassandra at");
  });

  it("leaves nothing open that would keep a process from ending", async () => {
    const options = JSON.stringify({ ...cluster, localDataCenter: "elsewhere" });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, "refused-child.ts"), options],
      {
        timeout: 20_000,
      },
    );
    expect(stdout).toContain('is in the data centre "elsewhere"');
  });

  it("is unavailable where nobody listens", async () => {
    const opening = openCassandraCellStore({ ...cluster, contactPoints: ["127.0.0.1:1"] });
    await expect(opening).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
  });

  it("is opened with a warning where rows have one copy", async () => {
    const said: string[] = [];
    const store = await openCassandraCellStore({ ...cluster, onWarning: (message) => said.push(message) });
    await store.close();
    expect(said.join("\n")).toContain("with fewer than 3, no node may fail");
  });
});
