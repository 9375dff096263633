import { type OwnServers, ownKafkaCluster } from "@millrace/harness/servers";
import type { Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RecordingMember } from "../../contract/harness.ts";
import { SILENT, TestKafka } from "../test-kafka.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";

let servers: OwnServers;
let cluster: TestKafka;
let producer: Producer;
beforeAll(async () => {
  servers = await ownKafkaCluster();
  cluster = await TestKafka.start(servers.addresses);
  producer = cluster.kafka.producer({ createPartitioner: () => (to) => to.message.partition! });
  await producer.connect();
});
afterAll(async () => {
  await producer.disconnect();
  await cluster.stop();
  await servers.dispose();
});

describe("a partition that moves from broker to broker", () => {
  it("is read on, in order, with none left out and the ownership kept", async () => {
    const { topic } = await cluster.topic(2);
    const consumer = new KafkaConsumer({ kafka: cluster.kafka, topic, partitions: 2, log: SILENT });
    onTestFinished(() => consumer.close());
    const member = new RecordingMember();
    await consumer.join("g", member);
    const appended: string[] = [];
    for (let round = 0; round < 3; round++) {
      await leadBy(topic, [1 + (round % 3), 1 + ((round + 1) % 3)]);
      for (let i = 0; i < 5; i++) {
        const value = `${round}:${i}`;
        appended.push(value);
        for (const partition of [0, 1]) await producer.send({ topic, messages: [{ partition, value }] });
      }
    }
    await until("all arrived", () => member.texts(0).length >= 15 && member.texts(1).length >= 15);
    expect(member.texts(0)).toEqual(appended);
    expect(member.texts(1)).toEqual(appended);
    expect(member.history).toHaveLength(2);
    expect(member.failures).toEqual([]);
    await member.owned.get(0)!.commit(15);
    expect(await consumer.committed("g", 0)).toBe(15);
  }, 60_000);
});

/** Moves each partition to a broker of its own, with all its records. */
async function leadBy(topic: string, brokers: readonly number[]): Promise<void> {
  const partitionAssignment = brokers.map((broker, partition) => ({ partition, replicas: [broker] }));
  await cluster.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  for (;;) {
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] });
    const isMoved = topics[0]!.partitions.every(({ partitionId, leader }) => leader === brokers[partitionId]);
    if (isMoved) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
