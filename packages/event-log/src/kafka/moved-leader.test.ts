import { kafkaCluster } from "@millrace/harness/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectKafka } from "./connection.ts";
import { openKafkaEventLog } from "./kafka-event-log.ts";
import { SILENT, TestKafka } from "./test-kafka.ts";

const PARTITIONS = 2;

let cluster: TestKafka;
beforeAll(async () => {
  cluster = await TestKafka.start((await kafkaCluster()).brokers);
});
afterAll(() => cluster.stop());

describe("a partition whose leader moves to the broker of another partition", () => {
  it("gets all that is acknowledged", async () => {
    const options = await cluster.topic(PARTITIONS);
    await leadBy(options.topic, [1, 2]);
    const log = await openKafkaEventLog(options);
    await Promise.all([log.append(0, Buffer.from("0")), log.append(1, Buffer.from("0"))]);
    await leadBy(options.topic, [2, 2]);
    await Promise.all([log.append(0, Buffer.from("1")), log.append(1, Buffer.from("1"))]);
    expect(await ends(options.topic)).toEqual([2, 2]);
    await log.close();
  });

  it("loses what the client's own send of several partitions acknowledges, which is why each is sent alone", async () => {
    const { topic } = await cluster.topic(PARTITIONS);
    await leadBy(topic, [1, 2]);
    const producer = connectKafka({ brokers: cluster.brokers, log: SILENT }).producer();
    await producer.connect();
    const send = () => producer.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: "x" })) });
    await send();
    await leadBy(topic, [2, 2]);
    // It resolves, and says nothing of partition 0.
    expect((await send()).map(({ partition }) => partition)).toEqual([1]);
    expect(await ends(topic)).toEqual([1, 2]);
    await producer.disconnect();
  });
});

/** Moves each partition to a broker of its own, with all its records. */
async function leadBy(topic: string, brokers: readonly number[]): Promise<void> {
  const partitionAssignment = brokers.map((broker, partition) => ({ partition, replicas: [broker] }));
  await cluster.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  for (;;) {
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] });
    const isMoved = topics[0]!.partitions.every(
      ({ partitionId, leader, isr }) => leader === brokers[partitionId] && isr.length === 1,
    );
    if (isMoved) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ends(topic: string): Promise<number[]> {
  const offsets = await cluster.admin.fetchTopicOffsets(topic);
  return offsets.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
}
