import { randomUUID } from "node:crypto";
import { kafkaServer } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import type { Admin, Kafka } from "kafkajs";
import { connectKafka } from "./connection.ts";
import type { KafkaLog } from "./kafka-options.ts";
import { migrateKafkaTopics } from "./topics/migrate-topics.ts";

/** A log that is thrown away. */
export const SILENT: KafkaLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Brokers for tests with topics of their own, prepared as `millrace migrate` does. */
export class TestKafka {
  readonly brokers: readonly string[];
  readonly controlTopic = `control-${randomUUID()}`;
  readonly deadLettersTopic = `dead-letters-${randomUUID()}`;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #topics = new Set<string>();

  private constructor(brokers: readonly string[]) {
    this.brokers = brokers;
    this.kafka = connectKafka({ brokers, clientId: "millrace-test", log: SILENT });
    this.admin = this.kafka.admin();
  }

  static async start(brokers?: readonly string[]): Promise<TestKafka> {
    const started = new TestKafka(brokers ?? (await kafkaServer()).brokers);
    await started.admin.connect();
    return started;
  }

  /** A new topic, and how it is opened. */
  async topic(partitions = 4, replicationFactor = 1) {
    const topic = `events-${randomUUID()}`;
    this.#topics.add(topic);
    const { brokers, controlTopic, deadLettersTopic } = this;
    const options = { brokers, topic, controlTopic, log: SILENT };
    const allow = replicationFactor === 1 ? ["replication-factor"] : [];
    const findings = await migrateKafkaTopics(
      { ...options, deadLettersTopic },
      { partitions, replicationFactor, allow },
    );
    const problem = findings.find(({ level }) => level === "problem");
    if (problem !== undefined) throw new Error(`${problem.topic} ${problem.text}`);
    // A broker may still refuse what is asked of a partition that it has only just been told to lead.
    await until(`${topic} is led`, () => this.admin.fetchTopicOffsets(topic));
    return options;
  }

  /** Topics that are deleted at the end. */
  forget(...topics: readonly string[]): void {
    for (const topic of topics) this.#topics.add(topic);
  }

  /** Removes all records of a topic that are there now. */
  async trim(topic: string): Promise<void> {
    const ends = await this.admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, offset }) => ({ partition, offset }));
    await this.admin.deleteTopicRecords({ topic, partitions });
  }

  async stop(): Promise<void> {
    const there = await this.admin.listTopics();
    const topics = [...this.#topics, this.controlTopic, this.deadLettersTopic].filter((topic) => there.includes(topic));
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
    await this.admin.disconnect();
  }
}
