import { join } from "node:path";

/** A node of a ring. All of its nodes have the same ports, each at an address of its own. */
export type Node = {
  readonly host: string;
  /** Where on the ring it begins. */
  readonly token: bigint;
  /** The hosts of the whole ring: whoever starts first must know all, as each is started at once. */
  readonly ring: readonly string[];
  readonly port: number;
  readonly storagePort: number;
  readonly data: string;
  /** The address that drivers are told of, with the same port. */
  readonly broadcast?: string | undefined;
  /** More of cassandra.yaml, which replaces what has the same name. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
};

/**
 * The text of cassandra.yaml for a node. Its commit log is synchronous: with `periodic` a node that is killed
 * forgets about a tenth of a second of what it had acknowledged. The rest makes it small and quick to start.
 */
export function settingsOf({ host, token, ring, port, storagePort, data, broadcast, settings: more }: Node): string {
  const settings = {
    cluster_name: "millrace tests",
    partitioner: "org.apache.cassandra.dht.Murmur3Partitioner",
    num_tokens: 1,
    initial_token: `${token}`,
    auto_bootstrap: false,
    endpoint_snitch: "SimpleSnitch",
    seed_provider: [
      { class_name: "org.apache.cassandra.locator.SimpleSeedProvider", parameters: [{ seeds: ring.join(",") }] },
    ],
    listen_address: host,
    storage_port: storagePort,
    rpc_address: host,
    broadcast_rpc_address: broadcast ?? host,
    native_transport_port: port,
    native_transport_max_threads: 16,

    data_file_directories: [join(data, "tables")],
    commitlog_directory: join(data, "commitlog"),
    saved_caches_directory: join(data, "caches"),
    hints_directory: join(data, "hints"),
    cdc_raw_directory: join(data, "cdc"),
    commitlog_sync: "batch",
    commitlog_segment_size: "8MiB",
    commitlog_total_space: "256MiB",
    commit_failure_policy: "stop",
    disk_failure_policy: "stop",
    auto_snapshot: false,

    memtable_allocation_type: "heap_buffers",
    memtable_heap_space: "96MiB",
    memtable_offheap_space: "96MiB",
    file_cache_size: "32MiB",
    key_cache_size: "8MiB",
    row_cache_size: "0MiB",
    counter_cache_size: "0MiB",
    key_cache_save_period: "0s",
    concurrent_reads: 16,
    concurrent_writes: 16,
    concurrent_counter_writes: 4,
    concurrent_compactors: 1,
    compaction_throughput: "0MiB/s",

    read_request_timeout: "5s",
    write_request_timeout: "5s",
    range_request_timeout: "10s",
    truncate_request_timeout: "20s",
    cas_contention_timeout: "3s",
    authenticator: "AllowAllAuthenticator",
    authorizer: "AllowAllAuthorizer",
    ...more,
  };
  // YAML takes JSON as it is.
  return `${JSON.stringify(settings, null, 2)}\n`;
}
