import { Failure } from "@millrace/failure";
import { type OwnServers, ownKafkaCluster } from "@millrace/harness/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll, text } from "../contract/harness.ts";
import type { EventLog } from "../event-log.ts";
import { connectKafka } from "./connection.ts";
import { openKafkaEventLog } from "./kafka-event-log.ts";
import { SILENT, TestKafka } from "./test-kafka.ts";

const PARTITIONS = 2;

let servers: OwnServers;
let cluster: TestKafka;
beforeAll(async () => {
  servers = await ownKafkaCluster();
  cluster = await TestKafka.start(servers.addresses);
});
afterAll(async () => {
  await cluster.stop();
  await servers.dispose();
});

describe("a partition whose leader moves to the broker of another partition", () => {
  it("gets all that is acknowledged", async () => {
    const options = await cluster.topic(PARTITIONS);
    await leadBy(options.topic, [1, 2]);
    const log = await openKafkaEventLog(options);
    const before = await Promise.all([appendUntilTaken(log, 0, "a"), appendUntilTaken(log, 1, "a")]);
    await leadBy(options.topic, [2, 2]);
    const after = await Promise.all([appendUntilTaken(log, 0, "b"), appendUntilTaken(log, 1, "b")]);
    for (const partition of [0, 1]) {
      const stored = await readAll(log, partition, 0);
      const textAt = (offset: number | undefined) => text(stored.find((record) => record.offset === offset)!);
      expect([textAt(before[partition]), textAt(after[partition])]).toEqual(["a", "b"]);
    }
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

/** Appends until it is acknowledged, and gives the offset: a broker that is not the leader any more may leave it unclear. */
async function appendUntilTaken(log: EventLog, partition: number, what: string): Promise<number> {
  for (;;) {
    try {
      return (await log.append(partition, Buffer.from(what))).offset;
    } catch (error) {
      if (!(error instanceof Failure) || !["unavailable", "unknownOutcome"].includes(error.kind)) throw error;
    }
  }
}

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
