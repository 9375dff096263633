import { randomUUID } from "node:crypto";
import { eventLogContract } from "@millrace/event-log/contract";
import { kafkaServer } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { Admin, Consumer, Producer } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openPlatformaticEventLog } from "./platformatic/platformatic-event-log.ts";

const PARTITIONS = 4;
const VISIBLE_WITHIN_MS = 15_000;
let brokers: readonly string[];
let admin: Admin;
const topics: string[] = [];

beforeAll(async () => {
  ({ brokers } = await kafkaServer());
  admin = new Admin({ clientId: "millrace-test", bootstrapBrokers: [...brokers], retryDelay: 25 });
});

afterAll(async () => {
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.close();
});

async function newTopic(): Promise<string> {
  const topic = `platformatic-${randomUUID()}`;
  const configs = [
    { name: "message.timestamp.type", value: "LogAppendTime" },
    { name: "max.message.bytes", value: `${1024 * 1024 + 64 * 1024}` },
  ];
  await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1, configs });
  topics.push(topic);
  const isThere = async () => {
    const { topics: described } = await admin.metadata({ topics: [topic], forceUpdate: true });
    const leaders = described.get(topic)?.partitions ?? [];
    const partitions = leaders.map((_, partition) => ({ partitionIndex: partition, timestamp: -1n }));
    await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    return leaders.length === PARTITIONS;
  };
  await until("the topic is there", isThere, { withinMs: VISIBLE_WITHIN_MS });
  return topic;
}

eventLogContract("@platformatic/kafka", {
  patienceMs: 20_000,
  open: async () => {
    const topic = await newTopic();
    let log = await openPlatformaticEventLog(brokers, topic);
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await openPlatformaticEventLog(brokers, topic);
        return log;
      },
      trimAll: async () => {
        const partitions = await Promise.all(
          Array.from({ length: PARTITIONS }, async (_, partition) => {
            const { end } = await log.bounds(partition);
            return { partition, offset: BigInt(end) };
          }),
        );
        await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
      },
      dispose: () => log.close(),
    };
  },
});

describe("the bare client's idempotent producer", () => {
  it("takes one sequence for sends at the same time: all are acknowledged, and one is stored", async () => {
    const topic = await newTopic();
    const producer = new Producer({ clientId: "bare", bootstrapBrokers: [...brokers], idempotent: true });
    onTestFinished(() => producer.close());
    const send = (text: string) => producer.send({ messages: [{ topic, partition: 0, value: Buffer.from(text) }] });
    await send("first");
    const acknowledged = await Promise.all(Array.from({ length: 20 }, (_, index) => send(`${index}`)));
    const offsets = new Set(acknowledged.map(({ offsets }) => offsets?.[0]?.offset));
    const log = await openPlatformaticEventLog(brokers, topic);
    onTestFinished(() => log.close());
    expect({ offsets: offsets.size, stored: (await log.bounds(0)).end }).toEqual({ offsets: 1, stored: 2 });
  });
});

describe("the bare client's consumer", () => {
  it("commits for a partition that it has lost: it joins again, and moves back what another one committed", async () => {
    const topic = await newTopic();
    const groupId = `group-${randomUUID()}`;
    const join = async (heartbeatInterval: number): Promise<Consumer> => {
      const timeouts = { heartbeatInterval, sessionTimeout: 10_000, rebalanceTimeout: 10_000 };
      const bootstrapBrokers = [...brokers];
      const consumer = new Consumer({ clientId: "bare", bootstrapBrokers, groupId, autocommit: false, ...timeouts });
      onTestFinished(() => consumer.close(true));
      consumer.topics.track(topic);
      await consumer.joinGroup();
      return consumer;
    };
    const commit = (consumer: Consumer, offset: bigint) =>
      consumer.commit({ offsets: [{ topic, partition: 0, offset, leaderEpoch: 0 }] });
    // It hears of nothing while it is put out, as one that stood still for longer than its session.
    const late = await join(9_000);
    await admin.removeMembersFromConsumerGroup({ groupId, members: [{ memberId: late.memberId! }] });
    const owner = await join(200);
    await commit(owner, 8n);
    await commit(late, 3n);
    const committed = await owner.listCommittedOffsets({ topics: [{ topic, partitions: [0] }] });
    expect(committed.get(topic)).toEqual([3n]);
  });
});
