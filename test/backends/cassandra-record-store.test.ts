import type { RecordStore } from "@millrace/record-store";
import { migrateCassandraRecordStore, openCassandraRecordStore } from "@millrace/record-store/cassandra";
import { recordStoreContract } from "@millrace/record-store/contract";
import { afterAll, beforeAll } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

const cluster = await testCluster("records");
const client = await plainClient(cluster);

beforeAll(async () => {
  await migrateCassandraRecordStore(cluster);
});

afterAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

recordStoreContract("Cassandra", {
  open: async () => {
    await client.execute(`TRUNCATE ${cluster.keyspace}.records`);
    return await open();
  },
  reopen: () => open(),
  // Each change is a transaction. What waits for a watcher is bounded by the same queue as in the embedded store.
  thousandsUnread: 2,
});

function open(): Promise<RecordStore> {
  return openCassandraRecordStore(cluster);
}
