import { bringCassandra, CASSANDRA_PROBE, isCassandraHere, startCassandra } from "./cassandra/server.ts";
import { hasDocker } from "./compose.ts";
import { knowsBrokers } from "./kafka/probe.ts";
import { bringKafka, isKafkaHere, startKafka } from "./kafka/server.ts";
import type { Launched } from "./launch.ts";
import { mayInstall } from "./machine.ts";
import { originOf } from "./origin.ts";
import type { Probe } from "./probe.ts";
import { CLUSTER_PROBE, startRedisCluster } from "./redis/cluster.ts";
import { bringRedis, isRedisHere, REDIS_PROBE, startRedis } from "./redis/server.ts";

/** One kind of server. */
export type Kind = {
  /** The environment variable with addresses (host:port, separated by commas) that are used instead of a server of ours. */
  readonly variable: string;
  readonly probe: Probe;
  /** Whether what it is made of is on this machine, or what brings it. */
  readonly isHere: () => boolean;
  /** Brings to this machine what it is made of, unless it is there; logs of that go to `folder`. */
  readonly bring: (folder: string) => Promise<unknown>;
  /** Starts its nodes, with their data under `folder`/data and their logs beside them. */
  readonly start: (folder: string) => Promise<Launched[]>;
};

/** Every kind of server that tests can ask for. */
export const KINDS = {
  redis: {
    variable: "MILLRACE_TEST_REDIS",
    probe: REDIS_PROBE,
    isHere: isRedisHere,
    bring: bringRedis,
    start: startRedis,
  },
  cassandra: {
    variable: "MILLRACE_TEST_CASSANDRA",
    probe: CASSANDRA_PROBE,
    isHere: isCassandraHere,
    bring: bringCassandra,
    start: (folder) => startCassandra(folder, { isKept: false }),
  },
  kafka: {
    variable: "MILLRACE_TEST_KAFKA",
    probe: knowsBrokers(1),
    isHere: isKafkaHere,
    bring: bringKafka,
    start: startKafka,
  },
  redisCluster: {
    variable: "MILLRACE_TEST_REDIS_CLUSTER",
    probe: CLUSTER_PROBE,
    isHere: isRedisHere,
    bring: bringRedis,
    start: startRedisCluster,
  },
} as const satisfies Record<string, Kind>;

/** The name of a kind. */
export type KindName = keyof typeof KINDS;

/** Where a server of a kind comes from on this machine. */
export function originHere({ isHere }: Kind): "own" | "compose" {
  const [isThere, may] = [isHere(), mayInstall()];
  // Docker takes a moment to answer, and is asked only where that matters.
  return originOf({ isThere, mayInstall: may, hasDocker: !isThere && !may && hasDocker() });
}
