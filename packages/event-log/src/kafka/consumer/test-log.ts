import { randomUUID } from "node:crypto";
import { kafkaServer } from "@millrace/harness/servers";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import type { OpenedLog } from "../../contract/index.ts";
import type { AppendResult, EventLog } from "../../event-log.ts";
import { KafkaConsumer, type KafkaConsumerOptions } from "./kafka-consumer.ts";

/** Quick enough for tests, slow enough for a busy machine. */
export const TEST_TIMING = { heartbeatMs: 100, sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 10_000 };
export const SILENT = { warn: () => undefined, info: () => undefined };

/** A topic of its own on the real broker, with a plain producer. */
export class TestTopic {
  readonly topic = `consumer-test-${randomUUID()}`;
  readonly partitions: number;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  readonly #consumers: KafkaConsumer[] = [];
  readonly #queues = new Map<number, Promise<unknown>>();

  private constructor(brokers: string[], partitions: number) {
    this.kafka = new Kafka({ brokers, clientId: "millrace-test", logLevel: logLevel.NOTHING });
    this.partitions = partitions;
    this.admin = this.kafka.admin();
    this.producer = this.kafka.producer({ createPartitioner: () => ({ message }) => message.partition ?? 0, allowAutoTopicCreation: false });
  }

  static async make(partitions = 4): Promise<TestTopic> {
    const { brokers } = await kafkaServer();
    const made = new TestTopic(brokers, partitions);
    await Promise.all([made.admin.connect(), made.producer.connect()]);
    const configEntries = [{ name: "message.timestamp.type", value: "LogAppendTime" }];
    const topics = [{ topic: made.topic, numPartitions: partitions, configEntries }];
    await made.admin.createTopics({ topics, waitForLeaders: true });
    return made;
  }

  consumer(options: Partial<KafkaConsumerOptions> = {}): KafkaConsumer {
    const { kafka, topic, partitions } = this;
    const consumer = new KafkaConsumer({ kafka, topic, partitions, log: SILENT, ...TEST_TIMING, ...options });
    this.#consumers.push(consumer);
    return consumer;
  }

  /** Appends in the order of the calls. */
  append(partition: number, value: Uint8Array): Promise<AppendResult> {
    const before = this.#queues.get(partition) ?? Promise.resolve();
    const messages = [{ partition, value: Buffer.from(value) }];
    const sent = before.then(() => this.producer.send({ topic: this.topic, messages }));
    this.#queues.set(partition, sent);
    return sent.then(([result]) => ({
      offset: Number(result!.baseOffset),
      appendTimeMs: Number(result!.logAppendTime),
    }));
  }

  /** Removes all records that are there now. */
  async trimAll(): Promise<void> {
    const ends = await this.admin.fetchTopicOffsets(this.topic);
    const partitions = ends.map(({ partition, offset }) => ({ partition, offset }));
    await this.admin.deleteTopicRecords({ topic: this.topic, partitions });
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.admin.deleteTopics({ topics: [this.topic] });
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
  }
}

/** An event log for the contract's reading parts. */
export async function openTestLog(): Promise<OpenedLog> {
  const topic = await TestTopic.make();
  const open = async (): Promise<EventLog> => {
    const consumer = topic.consumer();
    await consumer.connect();
    return {
      generation: 1,
      partitions: topic.partitions,
      maxRecordBytes: 1 << 20,
      append: (partition, value) => topic.append(partition, value),
      join: (group, handler, options) => consumer.join(group, handler, options),
      committed: (group, partition, options) => consumer.committed(group, partition, options),
      read: (partition, fromOffset, options) => consumer.read(partition, fromOffset, options),
      bounds: (partition, options) => consumer.bounds(partition, options),
      ready: async () => undefined,
      close: () => consumer.close(),
    };
  };
  let log = await open();
  const reopen = async () => {
    await log.close();
    log = await open();
    return log;
  };
  return { log, reopen, trimAll: () => topic.trimAll(), dispose: () => topic.dispose() };
}
