import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../ports/free-ports.ts";
import { type ArchivedProgram, bringArchived } from "../class-archive.ts";
import { isJavaHere } from "../jars.ts";
import { type Launched, launch } from "../launch.ts";
import type { Probe } from "../probe.ts";
import { javaOptions } from "./java-options.ts";
import { settingsOf } from "./settings.ts";

const READY_WITHIN_MS = 120_000;
const DAEMON = "org.apache.cassandra.service.CassandraDaemon";
const TOKENS = 2n ** 64n;
const TOKEN_MIN = -(2n ** 63n);

/** How the nodes of a ring of a test's own differ. */
export type CassandraOptions = {
  /** True: drivers are told that the node at 127.0.0.n is at 127.0.1.n, at the same port, where a proxy is to listen. */
  readonly isProxied?: boolean;
  /** With it: where the proxy in front of a single node listens instead. */
  readonly proxyHost?: string;
  /** More of cassandra.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** False: nobody ends its nodes before their data may go. Default true: what a node acknowledged it knows after a kill. */
  readonly isKept?: boolean;
};

/** An OPTIONS frame of the native protocol, version 4, without a body; SUPPORTED answers it. */
export const CASSANDRA_PROBE: Probe = {
  question: Uint8Array.of(4, 0, 0, 0, 5, 0, 0, 0, 0),
  isGood: (answer) => answer[0] === 0x84 && answer[4] === 6,
};

const POM = join(import.meta.dirname, "pom.xml");

/** Whether what Cassandra is started with is on this machine, or what brings it. */
export function isCassandraHere(): boolean {
  return isJavaHere(POM);
}

/** What Cassandra is started with; brought where it is missing. */
export function bringCassandra(folder: string): Promise<ArchivedProgram> {
  return bringArchived(POM, folder, (program, home, more) => startNodes(1, home, { isKept: false }, program, more));
}

/** Starts a Cassandra of one node, its data centre `datacenter1`, with its data and log in `folder`. */
export async function startCassandra(folder: string, options?: CassandraOptions): Promise<Launched[]> {
  return startNodes(1, folder, options, await bringCassandra(folder));
}

/** Starts a Cassandra of three nodes at 127.0.0.1 to 127.0.0.3, with their data and logs in `folder`. */
export async function startCassandraCluster(folder: string, options?: CassandraOptions): Promise<Launched[]> {
  return startNodes(3, folder, options, await bringCassandra(folder));
}

/** Where a proxy in front of a node listens. */
export function proxyHostOf(host: string): string {
  return host.replace(/^127\.0\.0\./, "127.0.1.");
}

/** The nodes share the ring of 2^64 tokens evenly. */
async function startNodes(
  count: number,
  folder: string,
  { isProxied = false, proxyHost, settings: more, isKept = true }: CassandraOptions = {},
  { java, options: classes }: ArchivedProgram,
  javaMore: readonly string[] = [],
): Promise<Launched[]> {
  const [port = 0, storagePort = 0] = await freePorts(2);
  const ring = Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`);
  const start = (host: string, index: number): Promise<Launched> => {
    const data = join(folder, "data", host);
    const settings = join(folder, `cassandra-${host}.yaml`);
    const token = TOKEN_MIN + (BigInt(index) * TOKENS) / BigInt(count);
    mkdirSync(data, { recursive: true });
    const broadcast = isProxied ? (proxyHost ?? proxyHostOf(host)) : host;
    writeFileSync(settings, settingsOf({ host, token, ring, port, storagePort, data, broadcast, settings: more }));
    const args = [...javaOptions(settings, data, isKept), ...javaMore, ...classes, DAEMON];
    const log = join(folder, `cassandra-${host}.log`);
    const address = `${host}:${port}`;
    return launch({ command: java, args, log, address, probe: CASSANDRA_PROBE, withinMs: READY_WITHIN_MS });
  };
  return Promise.all(ring.map(start));
}
