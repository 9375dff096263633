import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePorts } from "../free-ports.ts";
import { bringJava, type JavaProgram } from "../jars.ts";
import { type Launched, launch } from "../launch.ts";
import { runProgram } from "../programs.ts";
import { KAFKA_PROBE } from "./probe.ts";
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

/** What Kafka is started with; brought where it is missing. */
export function bringKafka(folder: string): Promise<JavaProgram> {
  return bringJava(join(import.meta.dirname, "pom.xml"), folder);
}

/** Starts a Kafka of one broker, which is its own controller, with its data and logs in `folder`. */
export async function startKafka(folder: string): Promise<Launched> {
  const data = join(folder, "data");
  const log = join(folder, "kafka.log");
  mkdirSync(data, { recursive: true });
  const { java: command, jars } = await bringKafka(folder);
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const settings = join(folder, "server.properties");
  writeFileSync(settings, settingsOf({ port, controllerPort, data }));
  const options = [...JAVA_OPTIONS, "-cp", jars.join(delimiter)];
  const clusterId = randomBytes(16).toString("base64url");
  const format = [...options, "kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "--config", settings];
  await runProgram({ command, args: format, log });
  return launch({
    command,
    args: [...options, "kafka.Kafka", settings],
    log,
    address: `127.0.0.1:${port}`,
    probe: KAFKA_PROBE,
    withinMs: READY_WITHIN_MS,
  });
}
