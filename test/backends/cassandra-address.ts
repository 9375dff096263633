import cassandra from "cassandra-driver";

/** Where the suites' Cassandra is, and a keyspace of this process. */
export async function testCluster(keyspace: string) {
  const address = process.env.MILLRACE_TEST_CASSANDRA;
  if (address === undefined) throw new Error("no Cassandra: set MILLRACE_TEST_CASSANDRA=HOST:PORT");
  const localDataCenter = process.env.MILLRACE_TEST_CASSANDRA_DATACENTER ?? "datacenter1";
  return {
    contactPoints: address.split(","),
    localDataCenter,
    keyspace: `${keyspace}_${process.pid}`,
    replicas: { [localDataCenter]: 1 },
  };
}

/** A plain client beside the stores, to look and to meddle with. */
export async function plainClient(cluster: { contactPoints: string[]; localDataCenter: string }) {
  const { contactPoints, localDataCenter } = cluster;
  const encoding = { useBigIntAsLong: true };
  const client = new cassandra.Client({ contactPoints, localDataCenter, encoding, protocolOptions: { maxVersion: 4 } });
  await client.connect();
  return client;
}
