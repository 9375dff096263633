import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePorts } from "../free-ports.ts";
import { bringJava, type JavaProgram } from "../jars.ts";
import { type Launched, launch } from "../launch.ts";
import type { Probe } from "../probe.ts";
import { javaOptions } from "./java-options.ts";
import { settingsOf } from "./settings.ts";

const READY_WITHIN_MS = 120_000;

/** An OPTIONS frame of the native protocol, version 4, without a body; SUPPORTED answers it. */
export const CASSANDRA_PROBE: Probe = {
  question: Uint8Array.of(4, 0, 0, 0, 5, 0, 0, 0, 0),
  isGood: (answer) => answer[0] === 0x84 && answer[4] === 6,
};

/** What Cassandra is started with; brought where it is missing. */
export function bringCassandra(folder: string): Promise<JavaProgram> {
  return bringJava(join(import.meta.dirname, "pom.xml"), folder);
}

/** Starts a Cassandra of one node, its data centre `datacenter1`, with its data and logs in `folder`. */
export async function startCassandra(folder: string): Promise<Launched> {
  const data = join(folder, "data");
  const log = join(folder, "cassandra.log");
  mkdirSync(data, { recursive: true });
  const { java: command, jars } = await bringCassandra(folder);
  const [port = 0, storagePort = 0] = await freePorts(2);
  const settings = join(folder, "cassandra.yaml");
  writeFileSync(settings, settingsOf({ port, storagePort, data }));
  const args = [
    ...javaOptions(settings, data),
    "-cp",
    jars.join(delimiter),
    "org.apache.cassandra.service.CassandraDaemon",
  ];
  const address = `127.0.0.1:${port}`;
  return launch({ command, args, log, address, probe: CASSANDRA_PROBE, withinMs: READY_WITHIN_MS });
}
