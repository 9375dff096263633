import { cassandraServer } from "@millrace/harness/servers";
import cassandra from "cassandra-driver";

/** The suites' Cassandra, with a keyspace of this process. */
export async function testCluster(keyspace: string) {
  const { contactPoints, localDataCenter } = await cassandraServer();
  const replicas = { [localDataCenter]: 1 };
  return { contactPoints, localDataCenter, keyspace: `${keyspace}_${process.pid}`, replicas };
}

/** A plain client beside the stores, to look and to meddle with. */
export async function plainClient(cluster: { contactPoints: string[]; localDataCenter: string }) {
  const { contactPoints, localDataCenter } = cluster;
  const encoding = { useBigIntAsLong: true };
  const client = new cassandra.Client({ contactPoints, localDataCenter, encoding, protocolOptions: { maxVersion: 4 } });
  await client.connect();
  return client;
}
