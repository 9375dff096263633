import type { ConnectionOptions } from "node:tls";
import { Failure } from "@millrace/failure";
import cassandra from "cassandra-driver";
import { connectFailure } from "./connect-failure.ts";
import { reconnectOnce, rememberConnections } from "./driver-mends.ts";
import { CassandraSession } from "./session.ts";

/** Where a cluster is, and how to speak to it. */
export type CassandraOptions = {
  /** Addresses to begin with, such as "10.0.0.1:9042"; the rest of the cluster is learned from them. */
  readonly contactPoints: readonly string[];
  /** The data centre whose nodes are asked, as `nodetool status` names it. */
  readonly localDataCenter: string;
  /** Lower-case letters, digits and underscores. Default: "millrace". */
  readonly keyspace?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /**
   * Given: TLS, with these options of node:tls. Nodes are reached by their IP addresses, so their certificates must name
   * these, or all the `servername` given here.
   */
  readonly tls?: ConnectionOptions;
  /** How many replicas confirm. Default: a majority in the local data centre. */
  readonly consistency?: "LOCAL_QUORUM" | "QUORUM";
  /** How many requests may be under way at a time, 1 or more. Default: 256. */
  readonly maxInFlight?: number;
  /** How long a request that fails is tried again, in milliseconds, before its caller is told. Default: 10,000. */
  readonly retryForMs?: number;
};

const DEFAULT_KEYSPACE = "millrace";
const REQUEST_TIMEOUT_MS = 5_000;
const SPECULATIVE_AFTER_MS = 200;
/** A connection that is silent and dead is known to be after this and a request's timeout. */
const HEARTBEAT_MS = 10_000;
/**
 * A connection on which more requests than this wait for longer than their timeout is closed, and made anew. The driver's 64
 * come together only after minutes where a service asks one thing after the other, and heartbeats are sent on idle
 * connections alone: whatever asks five times a second has none.
 */
const UNANSWERED_MAX = 2;
const DEFAULT_PORT = 9042;

/** The keyspace's name. Fails with `invalid` where it could not stand in a statement as it is. */
export function checkKeyspace({ keyspace = DEFAULT_KEYSPACE }: Pick<CassandraOptions, "keyspace">): string {
  if (/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) return keyspace;
  throw Failure.invalidField("keyspace", "is not 1 to 48 lower-case letters, digits and underscores, a letter first");
}

/** Connects. Fails with `unavailable` where no node answers, `precondition` where what is configured cannot be right. */
export async function connect(options: CassandraOptions): Promise<CassandraSession> {
  const keyspace = checkKeyspace(options);
  const client = new cassandra.Client(clientOptions(options));
  const endAll = rememberConnections(client);
  reconnectOnce(client);
  // Its listeners are told of nodes that come and go; without one for errors the process would end.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    await endAll();
    throw connectFailure(error, options);
  }
  return new CassandraSession(client, {
    keyspace,
    maxInFlight: options.maxInFlight ?? 256,
    retryForMs: options.retryForMs ?? 10_000,
  });
}

function clientOptions(options: CassandraOptions): cassandra.ClientOptions {
  const { policies, types } = cassandra;
  const quorum = options.consistency === "QUORUM" ? types.consistencies.quorum : types.consistencies.localQuorum;
  return {
    contactPoints: [...options.contactPoints],
    localDataCenter: options.localDataCenter,
    ...(options.credentials && { credentials: { ...options.credentials } }),
    // Left alone, the driver takes any certificate.
    ...(options.tls && { sslOptions: { rejectUnauthorized: true, ...options.tls } }),
    // Nodes tell of each other without ports: all of a cluster have one.
    protocolOptions: { maxVersion: 4, port: portOf(options.contactPoints[0] ?? "") },
    // 64 bits do not fit into a number. The driver's own `timestamp` option would have to be a Long even so: unused.
    encoding: { useBigIntAsLong: true, copyBuffer: true },
    policies: {
      // What may be repeated, and what a timeout means, is for the session to say.
      retry: new policies.retry.FallthroughRetryPolicy(),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(100, 10_000, false),
      // Only statements marked idempotent are sent twice.
      speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(
        SPECULATIVE_AFTER_MS,
        1,
      ),
    },
    queryOptions: { consistency: quorum, prepare: true, captureStackTrace: false },
    socketOptions: {
      readTimeout: REQUEST_TIMEOUT_MS,
      connectTimeout: REQUEST_TIMEOUT_MS,
      defunctReadTimeoutThreshold: UNANSWERED_MAX,
    },
    pooling: { maxRequestsPerConnection: 2_048, heartBeatInterval: HEARTBEAT_MS },
  };
}

/** The port of a contact point: "host:port", "[v6]:port", or an address without one. */
function portOf(contactPoint: string): number {
  const [, port] = /^(?:\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(contactPoint) ?? [];
  return port === undefined ? DEFAULT_PORT : Number(port);
}
