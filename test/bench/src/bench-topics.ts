import { randomUUID } from "node:crypto";
import { migrateKafkaTopics } from "@millrace/event-log/kafka";
import { kafkaServer } from "@millrace/harness/servers";
import { type Logger, silentLogger } from "@millrace/runtime";
import { Kafka, logLevel } from "kafkajs";

/** An event log's topics on a real broker, for one bench. */
export type BenchTopics = {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly deadLettersTopic: string;
  readonly controlTopic: string;
  readonly log: Logger;
};

/** Runs the work on topics of its own, with that many partitions, which are deleted afterwards. */
export async function withTopics<T>(partitions: number, work: (topics: BenchTopics) => Promise<T>): Promise<T> {
  const { brokers } = await kafkaServer();
  const name = randomUUID();
  const names = {
    topic: `bench-${name}`,
    deadLettersTopic: `bench-dead-${name}`,
    controlTopic: `bench-control-${name}`,
  };
  const topics = { brokers, ...names, log: silentLogger() };
  await migrateKafkaTopics(topics, { partitions, replicationFactor: 1, allow: ["replication-factor"] });
  try {
    return await work(topics);
  } finally {
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: Object.values(names) });
    await admin.disconnect();
  }
}
