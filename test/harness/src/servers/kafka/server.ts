import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../ports/free-ports.ts";
import { type ArchivedProgram, bringArchived } from "../class-archive.ts";
import { isJavaHere } from "../jars.ts";
import { type Launched, launch } from "../launch.ts";
import { runProgram } from "../programs.ts";
import { knowsBroker, knowsBrokers } from "./probe.ts";
import { settingsOf } from "./settings.ts";

const READY_WITHIN_MS = 60_000;

/** Small, and quick to start rather than fast. */
const JAVA_OPTIONS = [
  "-Xms64m",
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

/** How the brokers of a cluster of a test's own differ. */
export type KafkaOptions = {
  /** The proxies, as host:port, through which clients are to reach each broker, as many as there are ways to it. */
  readonly proxies?: readonly (readonly string[])[];
  /** More lines of server.properties. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Users that the cluster knows from the beginning, with their passwords, by SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users?: Readonly<Record<string, string>>;
};

const POM = join(import.meta.dirname, "pom.xml");

/** Whether what Kafka is started with is on this machine, or what brings it. */
export function isKafkaHere(): boolean {
  return isJavaHere(POM);
}

/** What Kafka is started with; brought where it is missing. */
export function bringKafka(folder: string): Promise<ArchivedProgram> {
  return bringArchived(POM, folder, (program, home, more) => startBrokers(1, home, {}, program, more));
}

/** Starts a Kafka of one broker, with its data and log in `folder`. */
export async function startKafka(folder: string, options?: KafkaOptions): Promise<Launched[]> {
  return startBrokers(1, folder, options, await bringKafka(folder));
}

/** Starts a Kafka of three brokers, with their data and logs in `folder`. */
export async function startKafkaCluster(folder: string, options?: KafkaOptions): Promise<Launched[]> {
  return startBrokers(3, folder, options, await bringKafka(folder));
}

/** Every broker is a controller too. */
async function startBrokers(
  count: number,
  folder: string,
  { proxies, settings: more, users = {} }: KafkaOptions = {},
  { java, options: classes }: ArchivedProgram,
  javaMore: readonly string[] = [],
): Promise<Launched[]> {
  const options = [...JAVA_OPTIONS, ...classes];
  const ways = proxies?.[0]?.length ?? 0;
  const ports = await freePorts((2 + ways) * count);
  const controllerPorts = ports.slice(count, 2 * count);
  const clusterId = randomBytes(16).toString("base64url");
  const start = async (port: number, index: number): Promise<Launched> => {
    const id = index + 1;
    const data = join(folder, "data", `${id}`);
    const log = join(folder, `kafka-${id}.log`);
    const settings = join(folder, `server-${id}.properties`);
    mkdirSync(data, { recursive: true });
    const proxied = (proxies?.[index] ?? []).map((advertised, way) => {
      return { port: ports[2 * count + index * ways + way] ?? 0, advertised };
    });
    writeFileSync(settings, settingsOf({ id, port, controllerPorts, data, proxied, settings: more }));
    const format = ["kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "--config", settings];
    await runProgram({ command: java, args: [...options, ...format, ...scramArguments(users)], log });
    const args = [...javaMore, ...options, "kafka.Kafka", settings];
    const address = `127.0.0.1:${port}`;
    const line = { command: java, args, log, address, withinMs: READY_WITHIN_MS };
    const launched = await launch({ ...line, probe: knowsBrokers(count) });
    // Others may be away when it is launched again.
    const again = { ...line, probe: knowsBroker(id) };
    return { ...launched, again, behindProxies: proxied.map(({ port: behind }) => `127.0.0.1:${behind}`) };
  };
  return Promise.all(ports.slice(0, count).map(start));
}

function scramArguments(users: Readonly<Record<string, string>>): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}
