import { Failure } from "@millrace/failure";
import type { Admin } from "kafkajs";
import { connectKafka } from "../connection.ts";
import { ClusterLink } from "../consumer/cluster-link.ts";
import { KafkaConsumer } from "../consumer/kafka-consumer.ts";
import { PartitionOffsets } from "../consumer/partition-offsets.ts";
import { groupIdOf } from "../group-id.ts";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import { CONTROL_TOPIC, EVENTS_TOPIC, type KafkaOptions } from "../kafka-options.ts";
import { openTopic } from "./open-topic.ts";
import { withAdmin } from "./topic-states.ts";

const COMMIT_DEADLINE_MS = 10_000;
const READINGS_AT_A_TIME = 8;
/** Kafka's way to say that somebody commits who is no member; brokers take it of a group without members only. */
const NO_MEMBER = { memberId: "", groupGenerationId: -1 };
const NOBODY = ["Empty", "Dead"];

/** How far a group is in a partition. */
export type GroupPartition = {
  readonly partition: number;
  /** Every record before it is done; undefined where the group never committed. */
  readonly committed: number | undefined;
  /** The oldest offset that is kept, and the one that the next record will get. */
  readonly first: number;
  readonly end: number;
};

/** How far a group is in a topic. */
export type GroupOffsets = {
  readonly topic: string;
  readonly generation: number;
  readonly group: string;
  /** What Kafka's own tools know the group by. */
  readonly groupId: string;
  /** How many members the group has just now. */
  readonly members: number;
  /** In the order of their numbers. */
  readonly partitions: readonly GroupPartition[];
};

/**
 * How far a group is in a prepared topic.
 *
 * @throws Failure `precondition` where the topic was not prepared or is another one, `unavailable` where Kafka can't be reached
 */
export async function readGroupOffsets(options: KafkaOptions, group: string): Promise<GroupOffsets> {
  const { topic = EVENTS_TOPIC, controlTopic = CONTROL_TOPIC, log } = options;
  const kafka = connectKafka(options);
  const { generation, partitions: count } = await openTopic({ kafka, controlTopic, log }, topic);
  const numbers = Array.from({ length: count }, (_, partition) => partition);
  const groupId = groupIdOf(group, topic);
  const members = await withAdmin(kafka, `describing the group ${groupId}`, (admin) => membersOf(admin, groupId));
  const link = new ClusterLink(kafka, topic);
  try {
    const offsets = new PartitionOffsets(link, topic);
    const bounds = await offsets.boundsOf(numbers);
    const committed = await offsets.committed(groupId, numbers);
    const partitions = numbers.map((partition) => {
      const at = committed.get(partition) ?? -1;
      return { partition, committed: at < 0 ? undefined : at, ...bounds.get(partition)! };
    });
    return { topic, generation, group, groupId, members, partitions };
  } finally {
    await link.close();
  }
}

/**
 * Commits offsets for a group that nobody is in, all in one request. The broker itself refuses it for a group with members, so
 * that one who joins meanwhile is safe.
 *
 * @param wanted the offset by partition
 * @throws Failure `precondition` where the group has members; `unavailable` where Kafka can't be reached: some of them may be
 *   committed then, and doing it again is safe
 */
export async function commitGroupOffsets(
  options: KafkaOptions,
  group: string,
  wanted: ReadonlyMap<number, number>,
): Promise<void> {
  const { topic = EVENTS_TOPIC } = options;
  const groupId = groupIdOf(group, topic);
  const link = new ClusterLink(connectKafka(options), topic);
  const partitions = [...wanted].map(([partition, offset]) => ({ partition, offset: String(offset) }));
  try {
    await link.useCoordinator(groupId, "setting a group's offsets", COMMIT_DEADLINE_MS, (coordinator) =>
      coordinator.offsetCommit({ groupId, ...NO_MEMBER, topics: [{ topic, partitions }] }),
    );
  } catch (error) {
    if (["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"].includes(protocolErrorOf(error) ?? "")) {
      const message = `The group ${groupId} has members: stop every processor first.`;
      throw new Failure("precondition", "BACKEND_UNAVAILABLE", message, { cause: error });
    }
    throw kafkaFailure(error, "setting a group's offsets");
  } finally {
    await link.close();
  }
}

/** The first offset of each partition whose record was appended at a moment or later; the end where none was. */
export function offsetsAtTime(options: KafkaOptions, timeMs: number): Promise<ReadonlyMap<number, number>> {
  const { topic = EVENTS_TOPIC } = options;
  return withAdmin(connectKafka(options), "finding offsets by time", async (admin) => {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, timeMs);
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
  });
}

/**
 * When the first record at an offset or after it was appended, in epoch milliseconds, for each of some partitions; those
 * without such a record are left out.
 *
 * @param from the offset by partition; one that is no longer kept fails with `outOfRange`
 */
export async function appendTimes(
  options: KafkaOptions,
  from: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, number>> {
  const { topic = EVENTS_TOPIC, log } = options;
  const consumer = new KafkaConsumer({
    kafka: connectKafka(options),
    topic,
    partitions: 1 + Math.max(...from.keys()),
    log,
  });
  const times = new Map<number, number>();
  const waiting = [...from];
  const ask = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for await (const [record] of consumer.read(...next)) {
        if (record !== undefined) times.set(next[0], record.appendTimeMs);
        break;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: READINGS_AT_A_TIME }, ask));
    return times;
  } finally {
    await consumer.close();
  }
}

async function membersOf(admin: Admin, groupId: string): Promise<number> {
  const { groups } = await admin.describeGroups([groupId]);
  const [found] = groups;
  return found === undefined || NOBODY.includes(found.state) ? 0 : Math.max(1, found.members.length);
}
