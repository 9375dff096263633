import type { CellStore } from "@millrace/cell-store";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { cellStoreContract } from "@millrace/cell-store/contract";
import { afterAll, beforeAll } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

const cluster = await testCluster("cells");
const client = await plainClient(cluster);
const TABLES = ["blocks_1m", "blocks_15m", "blocks_1h", "blocks_1d", "eras", "lanes", "states"];

beforeAll(async () => {
  await migrateCassandraCellStore(cluster);
});

afterAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

cellStoreContract("Cassandra", {
  open: async () => {
    await Promise.all(TABLES.map((table) => empty(`${cluster.keyspace}.${table}`)));
    return await open();
  },
  reopen: () => open(),
  except: [{ capability: "expire", reason: "rows expire by themselves" }],
  largeCall: 4_000,
});

/** Most cases write to few tables, and to truncate one takes longer than most cases. The store deletes nothing: what looks empty is. */
async function empty(table: string): Promise<void> {
  const { rows } = await client.execute(`SELECT * FROM ${table} LIMIT 1`);
  if (rows.length > 0) await client.execute(`TRUNCATE ${table}`);
}

function open(): Promise<CellStore> {
  return openCassandraCellStore(cluster);
}
