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
    for (const table of TABLES) await client.execute(`TRUNCATE ${cluster.keyspace}.${table}`);
    return await open();
  },
  reopen: () => open(),
  except: [{ capability: "expire", reason: "rows expire by themselves" }],
});

function open(): Promise<CellStore> {
  return openCassandraCellStore(cluster);
}
