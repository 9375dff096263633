import { connect } from "@millrace/cassandra";
import { migrateCassandraCellStore } from "@millrace/cell-store/cassandra";
import { cassandraServer } from "@millrace/harness/servers";

/** Where a bench keeps cells. */
export type BenchKeyspace = {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
};

/** Runs a bench on a keyspace of its own, with the tables of cells, in the Cassandra of the tests. */
export async function inKeyspace<T>(run: (keyspace: BenchKeyspace) => Promise<T>): Promise<T> {
  const { contactPoints, localDataCenter } = await cassandraServer();
  const options = { contactPoints, localDataCenter, keyspace: `bench_${process.pid}` };
  await migrateCassandraCellStore({ ...options, replicas: { [localDataCenter]: 1 } });
  try {
    return await run(options);
  } finally {
    const session = await connect(options);
    await session.define("removing the bench's tables", `DROP KEYSPACE IF EXISTS ${options.keyspace}`);
    await session.close();
  }
}
