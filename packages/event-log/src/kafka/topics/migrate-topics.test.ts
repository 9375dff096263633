import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKafkaEventLog } from "../kafka-event-log.ts";
import { SILENT, TestKafka } from "../test-kafka.ts";
import { writeTopicRecord } from "./generations.ts";
import { type KafkaTopicsPlan, migrateKafkaTopics } from "./migrate-topics.ts";

const ONE_BROKER: KafkaTopicsPlan = { partitions: 2, replicationFactor: 1, allow: ["replication-factor"] };

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await TestKafka.start();
});
afterAll(() => kafka.stop());

/** Names that nobody has used. */
function fresh() {
  const name = randomUUID();
  const names = { topic: `events-${name}`, deadLettersTopic: `dead-${name}`, controlTopic: `control-${name}` };
  kafka.forget(...Object.values(names));
  return { brokers: kafka.brokers, log: SILENT, ...names };
}

const levels = (findings: Awaited<ReturnType<typeof migrateKafkaTopics>>) =>
  findings.map(({ topic, level, setting }) => `${topic.split("-")[0]} ${level}${setting ? ` ${setting}` : ""}`);

async function settings(topic: string): Promise<Record<string, string>> {
  const { resources } = await kafka.admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic }],
  });
  return Object.fromEntries(
    resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
}

describe("preparing topics", () => {
  it("makes them with settings that keep what is acknowledged", async () => {
    const options = fresh();
    await migrateKafkaTopics(options, ONE_BROKER);
    const log = await openKafkaEventLog(options);
    expect(log).toMatchObject({ generation: 1, partitions: 2 });
    await log.close();
    expect(await settings(options.topic)).toMatchObject({
      "message.timestamp.type": "LogAppendTime",
      "unclean.leader.election.enable": "false",
      "cleanup.policy": "delete",
      "retention.ms": `${7 * 86_400_000}`,
    });
    expect(await settings(options.controlTopic)).toMatchObject({ "cleanup.policy": "compact" });
    expect(await settings(options.deadLettersTopic)).toMatchObject({ "retention.ms": `${30 * 86_400_000}` });
  });

  it("changes nothing the second time, nor when two do it at once", async () => {
    const options = fresh();
    await Promise.all([migrateKafkaTopics(options, ONE_BROKER), migrateKafkaTopics(options, ONE_BROKER)]);
    const findings = await migrateKafkaTopics(options, ONE_BROKER);
    expect(findings.filter(({ level }) => level === "done" || level === "problem")).toEqual([]);
    const log = await openKafkaEventLog(options);
    expect(log.generation).toBe(1);
    await log.close();
  });

  it("goes on where another one was killed, which nothing is opened on before", async () => {
    const options = fresh();
    await migrateKafkaTopics(options, ONE_BROKER);
    const control = { kafka: kafka.kafka, controlTopic: options.controlTopic, log: SILENT };
    await writeTopicRecord(control, { topic: options.topic, generation: 2, partitions: 2, state: "making" });
    await expect(openKafkaEventLog(options)).rejects.toMatchObject({
      kind: "precondition",
      message: expect.stringContaining("was not finished"),
    });
    await migrateKafkaTopics(options, ONE_BROKER);
    const log = await openKafkaEventLog(options);
    expect(log.generation).toBe(2);
    await log.close();
  });

  it("changes nothing where it only looks", async () => {
    const options = fresh();
    const findings = await migrateKafkaTopics(options, { ...ONE_BROKER, check: true });
    expect(findings.filter(({ level }) => level === "problem").map(({ topic }) => topic)).toEqual(
      expect.arrayContaining([options.topic, options.controlTopic, options.deadLettersTopic]),
    );
    expect(await kafka.admin.listTopics()).not.toContain(options.topic);
  });

  it("refuses a single replica unless it is allowed by name, and makes nothing", async () => {
    const options = fresh();
    const findings = await migrateKafkaTopics(options, { ...ONE_BROKER, allow: [] });
    expect(findings.find(({ level }) => level === "problem")).toMatchObject({
      setting: "replication-factor",
      advice: expect.stringContaining("--allow replication-factor"),
    });
    expect(await kafka.admin.listTopics()).not.toContain(options.controlTopic);
  });

  it("says what to do where there are fewer brokers than replicas", async () => {
    await expect(migrateKafkaTopics(fresh(), { replicationFactor: 3 })).rejects.toMatchObject({
      kind: "precondition",
      message: expect.stringContaining("--replicas 1 --allow replication-factor"),
    });
  });

  it("refuses what somebody set to lose or miscount events, and allows it by name", async () => {
    const options = fresh();
    const configEntries = Object.entries({
      "message.timestamp.type": "CreateTime",
      "unclean.leader.election.enable": "true",
      "cleanup.policy": "compact",
      "max.message.bytes": "1000",
      "retention.ms": `${13 * 86_400_000}`,
    }).map(([name, value]) => ({ name, value }));
    await kafka.admin.createTopics({ topics: [{ topic: options.topic, numPartitions: 2, configEntries }] });
    const unsafe = ["unclean-leader-election", "timestamp-type", "retention", "cleanup-policy", "max-message-bytes"];
    const refused = levels(await migrateKafkaTopics(options, ONE_BROKER));
    for (const setting of unsafe) expect(refused).toContain(`events problem ${setting}`);
    await expect(openKafkaEventLog(options)).rejects.toMatchObject({
      message: expect.stringContaining("millrace migrate"),
    });
    const allow = [...ONE_BROKER.allow!, ...unsafe];
    const allowed = levels(await migrateKafkaTopics(options, { ...ONE_BROKER, allow }));
    for (const setting of unsafe) expect(allowed).toContain(`events warning ${setting}`);
  });

  it.each([
    { retentionMs: 13 * 86_400_000, kept: "for 13 days" },
    { retentionMs: -1, kept: "for ever" },
  ])("refuses to keep events $kept, for longer than late folds find their blocks", async ({ retentionMs, kept }) => {
    const findings = await migrateKafkaTopics(fresh(), { ...ONE_BROKER, retentionMs });
    expect(findings.find(({ level }) => level === "problem")).toMatchObject({
      setting: "retention",
      text: expect.stringContaining(`keeps events ${kept}, not for less than 13 days`),
      advice: expect.stringMatching(/retention\.ms=604800000, or give --allow retention$/),
    });
  });

  it("refuses to allow what it does not know", async () => {
    await expect(migrateKafkaTopics(fresh(), { allow: ["acks"] })).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("opening a topic", () => {
  it("is refused before it was prepared", async () => {
    await expect(openKafkaEventLog(fresh())).rejects.toMatchObject({
      kind: "precondition",
      message: expect.stringContaining("Run `millrace migrate`"),
    });
  });

  it("is refused when its partitions were changed, until a new generation was begun", async () => {
    const options = fresh();
    await migrateKafkaTopics(options, ONE_BROKER);
    await kafka.admin.createPartitions({ topicPartitions: [{ topic: options.topic, count: 3 }] });
    await expect(openKafkaEventLog(options)).rejects.toMatchObject({
      message: expect.stringContaining("3 partitions"),
    });
    const plan = { replicationFactor: 1, allow: ["replication-factor"] };
    expect(levels(await migrateKafkaTopics(options, plan))).toContain("events problem");
    await migrateKafkaTopics(options, { ...plan, newGeneration: true });
    const log = await openKafkaEventLog(options);
    expect(log).toMatchObject({ generation: 2, partitions: 3 });
    await log.close();
  });

  it("is refused when it is gone, and it is not made again unless that is meant", async () => {
    const options = fresh();
    await migrateKafkaTopics(options, ONE_BROKER);
    await kafka.admin.deleteTopics({ topics: [options.topic] });
    while ((await kafka.admin.listTopics()).includes(options.topic))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(openKafkaEventLog(options)).rejects.toMatchObject({
      message: expect.stringContaining("does not exist"),
    });
    expect(levels(await migrateKafkaTopics(options, ONE_BROKER))).toContain("events problem");
    expect(await kafka.admin.listTopics()).not.toContain(options.topic);
    await migrateKafkaTopics(options, { ...ONE_BROKER, newGeneration: true });
    const log = await openKafkaEventLog(options);
    expect(log.generation).toBe(2);
    await log.close();
  });
});
