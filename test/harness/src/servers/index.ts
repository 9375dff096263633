import { addressesOf } from "./address.ts";

export {
  type OwnCassandraOptions,
  type OwnKafkaOptions,
  type OwnNode,
  type OwnRedisOptions,
  type OwnServers,
  ownCassandra,
  ownCassandraCluster,
  ownKafka,
  ownKafkaCluster,
  ownRedis,
} from "./own/index.ts";

/**
 * A real Redis, shared by all that runs now: the one that MILLRACE_TEST_REDIS names (host:port), or one that is started
 * when it is first asked for and stopped when the run ends. Use keys of your own, and never FLUSHALL.
 */
export async function redisServer(): Promise<{ url: string }> {
  const [address] = await addressesOf("redis");
  return { url: `redis://${address}` };
}

/** As `redisServer`, a Redis Cluster of three primaries; or that of MILLRACE_TEST_REDIS_CLUSTER. */
export async function redisCluster(): Promise<{ url: string }> {
  return { url: `redis+cluster://${(await addressesOf("redisCluster")).join(",")}` };
}

/**
 * A real Cassandra, shared by all that runs now: the nodes that MILLRACE_TEST_CASSANDRA names (host:port, separated by
 * commas) in the data centre of MILLRACE_TEST_CASSANDRA_DATACENTER (`datacenter1` where there is none), or one node of
 * the run's own, whose commit log is synchronous. Use a keyspace of your own. The first to ask waits for some seconds,
 * and for a minute where its jars must be brought.
 */
export async function cassandraServer(): Promise<{ contactPoints: string[]; localDataCenter: string }> {
  return { contactPoints: await addressesOf("cassandra"), localDataCenter: localDataCenter() };
}

/**
 * A real Kafka, shared by all that runs now: the brokers that MILLRACE_TEST_KAFKA names (host:port, separated by commas,
 * without TLS), or one broker of the run's own, which makes no topic by itself. Use topics and groups of your own. The
 * first to ask waits for some seconds, and for a minute where its jars must be brought.
 */
export async function kafkaServer(): Promise<{ brokers: string[] }> {
  return { brokers: await addressesOf("kafka") };
}

function localDataCenter(): string {
  return process.env["MILLRACE_TEST_CASSANDRA_DATACENTER"] || "datacenter1";
}
