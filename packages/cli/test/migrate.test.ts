import { type ChildProcess, execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { cassandraServer, kafkaServer } from "@millrace/harness/servers";
import { beforeAll, expect, it } from "vitest";

const BIN = join(import.meta.dirname, "../bin/millrace.js");
const ALONE = ["--partitions", "4", "--replicas", "1", "--allow", "replication-factor"];
/** Of Cassandra's tables somebody who is killed holds the lock for up to a minute. */
const KAFKA_ALONE = [...ALONE, "--only", "kafka"];

/** Tables take seconds on a busy machine. */
const TIMEOUT = { timeout: 180_000 };

let servers: Record<string, string>;

beforeAll(async () => {
  const [{ brokers }, { contactPoints, localDataCenter }] = await Promise.all([kafkaServer(), cassandraServer()]);
  servers = {
    MILLRACE_KAFKA_BROKERS: brokers.join(","),
    MILLRACE_CASSANDRA_CONTACT_POINTS: contactPoints.join(","),
    MILLRACE_CASSANDRA_DATA_CENTER: localDataCenter,
  };
});

it("prepares the servers by the variables of the services, says what it did, and does it once", TIMEOUT, async () => {
  const names = fresh();
  const missing = await migrate(names, "--check", ...ALONE);
  expect(missing.code).toBe(1);
  expect(missing.stdout).toMatch(/problem +kafka \S+ +does not exist\n +run `\S.*migrate`/);

  const made = await migrate(names, ...ALONE);
  expect(made.code, made.stdout + made.stderr).toBe(0);
  expect(made.stdout).toMatch(/done +kafka \S+\.events +was made with 4 partitions/);
  expect(made.stdout).toMatch(/done +cassandra \S+ +the tables of the cell store have version 1/);

  const again = await migrate(names, "--check", "--output", "json", ...ALONE);
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ problems: 0, findings: expect.any(Array) });
});

it("completes what an earlier run that was killed at any moment has left in Kafka", TIMEOUT, async () => {
  const names = fresh();
  for (const afterMs of [400, 700, 1_000, 1_500]) {
    const running = start(names, KAFKA_ALONE, () => {});
    const timer = setTimeout(() => running.kill("SIGKILL"), afterMs);
    await new Promise((resolve) => running.once("exit", resolve));
    clearTimeout(timer);
  }
  const { code, stdout, stderr } = await migrate(names, ...KAFKA_ALONE);
  expect(code, stdout + stderr).toBe(0);
  expect((await migrate(names, "--check", ...KAFKA_ALONE)).code).toBe(0);
});

it(
  "refuses what is unsafe, and exits with 1, 2 for a wrong configuration, 3 for a server that is away",
  TIMEOUT,
  async () => {
    const [refused, unset, away] = await Promise.all([
      migrate(fresh(), "--only", "kafka", "--replicas", "1"),
      migrate({ ...fresh(), MILLRACE_KAFKA_BROKERS: "" }),
      migrate({ ...fresh(), MILLRACE_KAFKA_BROKERS: "127.0.0.1:1" }, "--only", "kafka", ...ALONE),
    ]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("--allow replication-factor");
    expect(unset.code).toBe(2);
    expect(unset.stderr).toContain("MILLRACE_KAFKA_BROKERS: is not set");
    expect(away.code).toBe(3);
  },
);

/** Names that nobody has used yet. */
function fresh(): Record<string, string> {
  const name = `cli_${randomUUID().slice(0, 8)}`;
  return {
    MILLRACE_KAFKA_TOPIC: `${name}.events`,
    MILLRACE_KAFKA_CONTROL_TOPIC: `${name}.control`,
    MILLRACE_KAFKA_DEAD_LETTERS_TOPIC: `${name}.dead-letters`,
    MILLRACE_CASSANDRA_KEYSPACE: name,
  };
}

type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function migrate(names: Record<string, string>, ...args: string[]): Promise<Result> {
  return new Promise((resolve) => start(names, args, resolve));
}

function start(names: Record<string, string>, args: readonly string[], done: (result: Result) => void): ChildProcess {
  const { PATH } = process.env;
  const env = { PATH, ...servers, ...names };
  const child = execFile(process.execPath, [BIN, "migrate", ...args], { env }, (_, stdout, stderr) =>
    done({ code: child.exitCode, stdout, stderr }),
  );
  return child;
}
