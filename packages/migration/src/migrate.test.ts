import { randomUUID } from "node:crypto";
import { cassandraServer, kafkaServer } from "@millrace/harness/servers";
import { expect, test } from "vitest";
import type { Finding } from "./finding.ts";
import { type MigrationRequest, migrate } from "./index.ts";

const TIMEOUT = { timeout: 180_000 };

test("finds everything missing before, makes it, and finds everything right afterwards", TIMEOUT, async () => {
  const request = await installation();
  const before = await findingsOf({ ...request, check: true });
  expect(levelsOf(before)).toEqual(["problem", "warning"]);
  expect(before.every(({ level, advice = "" }) => level === "warning" || advice.includes("millrace migrate"))).toBe(
    true,
  );

  const made = await findingsOf(request);
  expect(made.filter(({ level }) => level === "problem")).toEqual([]);
  expect(made.filter(({ level }) => level === "done").map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      "was made with 4 partitions of 1 replicas",
      "begins generation 1",
      "the tables of the cell store have version 1",
      "the tables of the record store have version 1",
    ]),
  );
  for (const again of [await findingsOf({ ...request, check: true }), await findingsOf(request)]) {
    expect(levelsOf(again)).toEqual(["ok", "warning"]);
  }
});

test("comes to the same when it is run by three at once", TIMEOUT, async () => {
  const request = await installation();
  const runs = await Promise.all([1, 2, 3].map(() => findingsOf(request)));
  expect(runs.flat().filter(({ level }) => level === "problem")).toEqual([]);
  expect(levelsOf(await findingsOf({ ...request, check: true }))).toEqual(["ok", "warning"]);
});

test("refuses what is unsafe by the name that allows it", async () => {
  const { allow: _, ...request } = await installation();
  const findings = await findingsOf({ ...request, targets: ["kafka"] });
  expect(levelsOf(findings)).toEqual(["problem"]);
  expect(findings[0]?.advice).toContain("--allow replication-factor");
  await expect(findingsOf({ ...request, targets: ["kafka"], allow: ["everything"] })).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringContaining('there is no "everything"'),
  });
});

test("prepares only what is asked for, and needs only its variables", async () => {
  const request = await installation();
  const environment = Object.fromEntries(Object.entries(request.environment).filter(([name]) => !/KAFKA/.test(name)));
  const findings = await findingsOf({ ...request, environment, targets: ["cassandra"] });
  expect(findings.every(({ subject }) => subject.startsWith("cassandra "))).toBe(true);
});

test("changes nothing when the environment is wrong, and says which variables are", async () => {
  const request = await installation();
  const environment = {
    ...request.environment,
    MILLRACE_CASSANDRA_CONTACT_POINTS: "",
    MILLRACE_CASSANDRA_USERNAME: "a",
  };
  await expect(findingsOf({ ...request, environment })).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringContaining("MILLRACE_CASSANDRA_CONTACT_POINTS"),
  });
  const after = await findingsOf({ ...request, targets: ["kafka"], check: true });
  expect(levelsOf(after)).toEqual(["problem", "warning"]);
});

/** A request for an installation that nobody has prepared yet. */
async function installation(): Promise<MigrationRequest> {
  const [{ brokers }, { contactPoints, localDataCenter }] = await Promise.all([kafkaServer(), cassandraServer()]);
  const name = `migration_${randomUUID().slice(0, 8)}`;
  return {
    environment: {
      MILLRACE_KAFKA_BROKERS: brokers.join(","),
      MILLRACE_KAFKA_TOPIC: `${name}.events`,
      MILLRACE_KAFKA_CONTROL_TOPIC: `${name}.control`,
      MILLRACE_KAFKA_DEAD_LETTERS_TOPIC: `${name}.dead-letters`,
      MILLRACE_CASSANDRA_CONTACT_POINTS: contactPoints.join(","),
      MILLRACE_CASSANDRA_DATA_CENTER: localDataCenter,
      MILLRACE_CASSANDRA_KEYSPACE: name,
    },
    partitions: 4,
    replicas: 1,
    allow: ["replication-factor"],
  };
}

async function findingsOf(request: MigrationRequest): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of migrate(request)) findings.push(finding);
  return findings;
}

/** The levels that were found, each once, in the order of the alphabet. */
function levelsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ level }) => level))].sort();
}
