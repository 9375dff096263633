import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePorts } from "../free-ports.ts";
import { bringJava, isJavaHere, type JavaProgram } from "../jars.ts";
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
  /** The ports of the proxies through which clients are to reach the brokers, one for each. */
  readonly proxyPorts?: readonly number[];
  /** More lines of server.properties. */
  readonly settings?: Readonly<Record<string, string>>;
};

const POM = join(import.meta.dirname, "pom.xml");

/** Whether what Kafka is started with is on this machine, or what brings it. */
export function isKafkaHere(): boolean {
  return isJavaHere(POM);
}

/** What Kafka is started with; brought where it is missing. */
export function bringKafka(folder: string): Promise<JavaProgram> {
  return bringJava(POM, folder);
}

/** Starts a Kafka of one broker, with its data and log in `folder`. */
export function startKafka(folder: string, options?: KafkaOptions): Promise<Launched[]> {
  return startBrokers(1, folder, options);
}

/** Starts a Kafka of three brokers, with their data and logs in `folder`. */
export function startKafkaCluster(folder: string, options?: KafkaOptions): Promise<Launched[]> {
  return startBrokers(3, folder, options);
}

/** Every broker is a controller too. */
async function startBrokers(
  count: number,
  folder: string,
  { proxyPorts, settings: more }: KafkaOptions = {},
): Promise<Launched[]> {
  const { java, jars } = await bringKafka(folder);
  const options = [...JAVA_OPTIONS, "-cp", jars.join(delimiter)];
  const ports = await freePorts(3 * count);
  const controllerPorts = ports.slice(count, 2 * count);
  const portsBehind = ports.slice(2 * count);
  const clusterId = randomBytes(16).toString("base64url");
  const start = async (port: number, index: number): Promise<Launched> => {
    const id = index + 1;
    const data = join(folder, "data", `${id}`);
    const log = join(folder, `kafka-${id}.log`);
    const settings = join(folder, `server-${id}.properties`);
    mkdirSync(data, { recursive: true });
    const advertised = proxyPorts?.[index];
    const behind = portsBehind[index] ?? 0;
    const proxied = advertised === undefined ? undefined : { port: behind, advertised };
    writeFileSync(settings, settingsOf({ id, port, controllerPorts, data, proxied, settings: more }));
    const format = ["kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "--config", settings];
    await runProgram({ command: java, args: [...options, ...format], log });
    const args = [...options, "kafka.Kafka", settings];
    const address = `127.0.0.1:${port}`;
    const line = { command: java, args, log, address, withinMs: READY_WITHIN_MS };
    const launched = await launch({ ...line, probe: knowsBrokers(count) });
    // Others may be away when it is launched again.
    const again = { ...line, probe: knowsBroker(id) };
    return { ...launched, again, ...(proxied && { behindProxy: `127.0.0.1:${behind}` }) };
  };
  return Promise.all(ports.slice(0, count).map(start));
}
