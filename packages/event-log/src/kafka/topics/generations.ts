import type { Kafka } from "kafkajs";
import { KafkaConsumer } from "../consumer/kafka-consumer.ts";
import { kafkaFailure } from "../kafka-failure.ts";
import type { KafkaLog } from "../kafka-options.ts";

const WRITE_TIMEOUT_MS = 5_000;

/**
 * What is known of a topic, beyond what Kafka tells: kept in the control topic, under the key `topic:<name>`. Kafka's own id
 * of a topic isn't in the metadata that kafkajs understands.
 */
export type TopicRecord = {
  readonly topic: string;
  /** From 1; another one whenever offsets began anew. */
  readonly generation: number;
  readonly partitions: number;
  /** "making": whoever makes the topic was not heard of since. */
  readonly state: "making" | "ready";
};

/** Where records of topics are. */
export type ControlTopic = { readonly kafka: Kafka; readonly controlTopic: string; readonly log: KafkaLog };

/** The last record of each topic. */
export async function readTopicRecords({ kafka, controlTopic, log }: ControlTopic): Promise<Map<string, TopicRecord>> {
  const records = new Map<string, TopicRecord>();
  const consumer = new KafkaConsumer({ kafka, topic: controlTopic, partitions: 1, log });
  try {
    const { first } = await consumer.bounds(0);
    for await (const batch of consumer.read(0, first)) {
      for (const { value } of batch) {
        const record = parseTopicRecord(value);
        if (record !== undefined) records.set(record.topic, record);
      }
    }
    return records;
  } catch (error) {
    throw kafkaFailure(error, `reading ${controlTopic}`);
  } finally {
    await consumer.close();
  }
}

/** Writes records, and resolves when they are durable. The last one of a topic counts. */
export async function writeTopicRecord({ kafka, controlTopic }: ControlTopic, record: TopicRecord): Promise<void> {
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: () => () => 0,
    retry: { retries: 5 },
  });
  try {
    await producer.connect();
    const message = { key: `topic:${record.topic}`, value: JSON.stringify(record) };
    const [written] = await producer.send({
      topic: controlTopic,
      messages: [message],
      acks: -1,
      timeout: WRITE_TIMEOUT_MS,
    });
    if (written?.errorCode !== 0) throw new Error("the response acknowledges nothing");
  } catch (error) {
    throw kafkaFailure(error, `writing to ${controlTopic}`);
  } finally {
    await producer.disconnect();
  }
}

/** A record, or undefined for what is none, such as one of a later version. */
function parseTopicRecord(value: Uint8Array): TopicRecord | undefined {
  try {
    const { topic, generation, partitions, state } = JSON.parse(Buffer.from(value).toString()) as Partial<TopicRecord>;
    const isValid = typeof topic === "string" && Number.isSafeInteger(generation) && Number.isSafeInteger(partitions);
    if (!isValid || (state !== "making" && state !== "ready")) return undefined;
    return { topic, generation: generation!, partitions: partitions!, state };
  } catch {
    return undefined;
  }
}
