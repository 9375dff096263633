import { ownCassandra, ownKafka, ownRedis } from "@millrace/harness/servers";
import type { Cluster } from "./cluster.ts";

/** The servers of a Millrace in a cluster, as its pods reach them. */
export type ClusterServers = {
  readonly brokers: string;
  readonly contactPoint: string;
  readonly dataCenter: string;
  readonly claims: string;
  readonly cache: string;
  /** What a NetworkPolicy has to allow: the addresses behind the Services. */
  readonly egress: readonly object[];
  /** Where Cassandra is without its Service. */
  readonly cassandraAt: { readonly host: string; readonly port: number };
  readonly dispose: () => Promise<void>;
};

/** In a namespace of their own, as in production. */
const NAMESPACE = "millrace-servers";

/**
 * Starts Kafka, Cassandra and Redis on this machine, at an address by which pods reach it, and makes a Service without
 * selector for each.
 */
export async function startServers(cluster: Cluster, host: string): Promise<ClusterServers> {
  const at = { proxied: true, proxyHost: host } as const;
  const servers = await Promise.all([
    ownKafka(at),
    ownCassandra({ ...at, commitlogSync: "batch" }),
    ownRedis({ ...at, settings: { appendonly: "yes" } }),
    ownRedis({ ...at, settings: { "maxmemory-policy": "allkeys-lru" } }),
  ]);
  const names = ["kafka", "cassandra", "claims", "cache"];
  const ports = servers.map(({ addresses }) => Number(addresses[0]?.split(":").at(-1)));
  const own = cluster.at(NAMESPACE);
  await own.begin();
  await own.apply(...names.flatMap((name, i) => serviceTo(name, host, ports[i]!)));
  const [kafka, cassandra, claims, cache] = names.map((name, i) => `${name}.${NAMESPACE}:${ports[i]}`);
  return {
    brokers: kafka!,
    contactPoint: cassandra!,
    dataCenter: "datacenter1",
    claims: `redis://${claims}`,
    cache: `redis://${cache}`,
    cassandraAt: { host, port: ports[1]! },
    egress: [{ ipBlock: { cidr: `${host}/32` } }],
    dispose: async () => void (await Promise.all([own.end(), ...servers.map((each) => each.dispose())])),
  };
}

/** A Service and where it leads: an address outside of the cluster. */
function serviceTo(name: string, host: string, port: number): object[] {
  const metadata = { name };
  const service = { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ name, port, protocol: "TCP" }] } };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name, port, protocol: "TCP" }],
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
  };
  return [service, slice];
}
