import { bringCassandra, CASSANDRA_PROBE, startCassandra } from "./cassandra/server.ts";
import { KAFKA_PROBE } from "./kafka/probe.ts";
import { bringKafka, startKafka } from "./kafka/server.ts";
import type { Launched } from "./launch.ts";
import type { Probe } from "./probe.ts";
import { bringRedis, REDIS_PROBE, startRedis } from "./redis/server.ts";

/** One kind of server. */
export type Kind = {
  /** The environment variable with addresses (host:port, separated by commas) that are used instead of a server of ours. */
  readonly variable: string;
  readonly probe: Probe;
  /** Brings to this machine what it is made of, unless it is there; logs of that go to `folder`. */
  readonly bring: (folder: string) => Promise<unknown>;
  /** Starts one, with its data under `folder`/data and its logs beside them. */
  readonly start: (folder: string) => Promise<Launched>;
};

/** Every kind of server that tests can ask for. */
export const KINDS = {
  redis: { variable: "MILLRACE_TEST_REDIS", probe: REDIS_PROBE, bring: bringRedis, start: startRedis },
  cassandra: {
    variable: "MILLRACE_TEST_CASSANDRA",
    probe: CASSANDRA_PROBE,
    bring: bringCassandra,
    start: startCassandra,
  },
  kafka: { variable: "MILLRACE_TEST_KAFKA", probe: KAFKA_PROBE, bring: bringKafka, start: startKafka },
} as const satisfies Record<string, Kind>;

/** The name of a kind. */
export type KindName = keyof typeof KINDS;
