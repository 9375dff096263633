import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { bringJava } from "../jars.ts";

/** Runs one of Kafka's own programs, such as "org.apache.kafka.tools.ProducerPerformance"; gives what it writes. */
export async function runKafkaTool(main: string, args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-tool-"));
  try {
    const { java, jars } = await bringJava(join(import.meta.dirname, "pom.xml"), folder);
    const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";
    const { stdout } = await promisify(execFile)(java, ["-Xmx512m", quiet, "-cp", jars.join(delimiter), main, ...args]);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
