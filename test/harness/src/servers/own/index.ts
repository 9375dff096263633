import { TcpProxy } from "../../tcp-proxy.ts";
import { proxyHostOf } from "../cassandra/server.ts";
import { hostAndPort } from "../probe.ts";
import { type OwnServers, startOwn } from "./own-servers.ts";

export type { OwnNode, OwnServers } from "./own-servers.ts";

/** How a test's own servers are started. */
export type OwnOptions = {
  /** True: clients reach every node through a proxy, also those that they learn of from the servers. */
  readonly proxied?: boolean;
  /**
   * With `proxied`: where the proxies listen, and what clients are told, such as an address that others reach this machine by.
   * Absent: 127.0.0.1, and 127.0.1.n for the nodes of Cassandra. Not for a ring of Cassandra, whose proxies share a port.
   */
  readonly proxyHost?: string;
};

/** As `OwnOptions`. */
export type OwnKafkaOptions = OwnOptions & {
  /** With `proxied`: how many ways lead to each broker, each by a proxy of its own; 1 when absent. Who comes by one stays there. */
  readonly ways?: number;
  /** Lines of server.properties that replace the harness's. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Users that the cluster knows from the beginning by SCRAM, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
};

/** As `OwnOptions`; what it says replaces what is in the harness's cassandra.yaml. */
export type OwnCassandraOptions = OwnOptions & {
  /** How the commit log is written. `batch`, unless told otherwise: `periodic` forgets what it acknowledged. */
  readonly commitlogSync?: "batch" | "group" | "periodic";
  /** Such as PasswordAuthenticator, whose first user, cassandra, has the password cassandra, some moments after the start. */
  readonly authenticator?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
};

/** As `OwnOptions`; `settings` replace the harness's, such as `{ appendonly: "yes" }`. */
export type OwnRedisOptions = OwnOptions & { readonly settings?: Readonly<Record<string, string>> };

/** Starts a Kafka of one broker for the caller alone. */
export function ownKafka(options?: OwnKafkaOptions): Promise<OwnServers> {
  return startKafka("kafka", 1, options);
}

/** Starts a Kafka of three brokers for the caller alone, two of which must have what is acknowledged. */
export function ownKafkaCluster(options?: OwnKafkaOptions): Promise<OwnServers> {
  return startKafka("kafkaCluster", 3, options);
}

/** Starts a Cassandra of one node for the caller alone; its data centre is `datacenter1`. */
export function ownCassandra(options?: OwnCassandraOptions): Promise<OwnServers> {
  return startCassandra("cassandra", options);
}

/** Starts a Cassandra of three nodes for the caller alone; its data centre is `datacenter1`. */
export function ownCassandraCluster(options?: OwnCassandraOptions): Promise<OwnServers> {
  return startCassandra("cassandraCluster", options);
}

/** Starts a Redis for the caller alone. It keeps nothing on disk and evicts nothing, unless told otherwise. */
export function ownRedis({ proxied = false, proxyHost, settings = {} }: OwnRedisOptions = {}): Promise<OwnServers> {
  return startOwn({ start: "redis", options: settings }, async ({ address }) =>
    proxied ? [await TcpProxy.open(address, at(proxyHost))] : [],
  );
}

/** Brokers tell clients the addresses of all: those of the proxies, so these listen before there are brokers. */
async function startKafka(
  start: "kafka" | "kafkaCluster",
  count: number,
  { proxied = false, proxyHost, ways = 1, settings = {}, users = {} }: OwnKafkaOptions = {},
): Promise<OwnServers> {
  if (!proxied) return startOwn({ start, options: { settings, users } }, async () => []);
  const open = () => Promise.all(Array.from({ length: ways }, () => TcpProxy.open("127.0.0.1:1", at(proxyHost))));
  const opened = await Promise.all(Array.from({ length: count }, open));
  try {
    const proxies = opened.map((ofBroker) => ofBroker.map(({ address }) => address));
    return await startOwn({ start, options: { settings, users, proxies } }, async ({ behindProxies }, index) => {
      const ofBroker = opened[index] ?? [];
      for (const [way, proxy] of ofBroker.entries()) proxy.target = behindProxies[way] ?? "";
      return ofBroker;
    });
  } catch (error) {
    await Promise.all(opened.flat().map((proxy) => proxy.close()));
    throw error;
  }
}

/** Drivers take the port of all nodes to be the same: each proxy has its node's, at an address of its own. */
function startCassandra(
  start: "cassandra" | "cassandraCluster",
  { proxied = false, proxyHost, commitlogSync, authenticator, settings }: OwnCassandraOptions = {},
): Promise<OwnServers> {
  const more = {
    ...(commitlogSync && { commitlog_sync: commitlogSync }),
    ...(commitlogSync === "periodic" && { commitlog_sync_period: "10s" }),
    ...(commitlogSync === "group" && { commitlog_sync_group_window: "2ms" }),
    ...(authenticator && { authenticator }),
    ...settings,
  };
  return startOwn(
    { start, options: { isProxied: proxied, ...(proxyHost && { proxyHost }), settings: more } },
    async ({ address }) => {
      if (!proxied) return [];
      const { host, port } = hostAndPort(address);
      return [await TcpProxy.open(address, { host: proxyHost ?? proxyHostOf(host), port })];
    },
  );
}

function at(host: string | undefined): { readonly host?: string } {
  return host === undefined ? {} : { host };
}
