import type { CassandraOptions } from "../cassandra/server.ts";
import type { KafkaOptions } from "../kafka/server.ts";

/** Asks the keeper for servers that belong to the connection that asks. */
export type StartRequest =
  | { readonly start: "kafka" | "kafkaCluster"; readonly options: KafkaOptions }
  | { readonly start: "cassandra" | "cassandraCluster"; readonly options: CassandraOptions }
  | { readonly start: "redis"; readonly options: Readonly<Record<string, string>> };

/** What can be done to a node. */
export type Deed = "kill9" | "stop" | "start" | "freeze" | "thaw";

/** What is asked of the keeper on a connection: first to start servers, then to do something to a node of them. */
export type OwnRequest = { readonly id: number } & (StartRequest | { readonly node: number; readonly deed: Deed });

/** Where a node is, and where proxies in front of it connect to, when that is elsewhere. */
export type NodeAddress = { readonly address: string; readonly behindProxies: readonly string[] };

/** The answer to the request of the same id. */
export type OwnReply = { readonly id: number; readonly nodes?: readonly NodeAddress[]; readonly error?: string };
