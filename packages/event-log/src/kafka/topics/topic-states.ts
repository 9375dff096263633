import { setTimeout as delay } from "node:timers/promises";
import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import type { TopicState } from "./topic-settings.ts";

/** So long after a topic was made a broker may not know it. */
const HEARD_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 100;

/** Does something with a connected client for administration. */
export async function withAdmin<T>(kafka: Kafka, doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw kafkaFailure(error, doing);
  } finally {
    await admin.disconnect();
  }
}

/** How many partitions a topic has, and replicas of each at least; undefined where there is no such topic. */
export async function describeTopic(
  admin: Admin,
  topic: string,
): Promise<{ partitions: number; replicationFactor: number } | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    const replicationFactor = Math.min(...partitions.map(({ replicas }) => replicas.length));
    return partitions.length === 0 ? undefined : { partitions: partitions.length, replicationFactor };
  } catch (error) {
    if (protocolErrorOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

/** All that is looked at of a topic; undefined where there is no such topic. */
export async function topicState(admin: Admin, topic: string): Promise<TopicState | undefined> {
  const described = await describeTopic(admin, topic);
  if (described === undefined) return undefined;
  const entries = await settingsOf(admin, topic);
  return { ...described, settings: new Map(entries.map((entry) => [entry.configName, entry.configValue])) };
}

/** The settings of a topic that is there. A broker that has not heard of a new topic yet is asked again, for some seconds. */
async function settingsOf(admin: Admin, topic: string) {
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }];
  const deadline = performance.now() + HEARD_WITHIN_MS;
  for (;;) {
    try {
      const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
      return answer.resources[0]?.configEntries ?? [];
    } catch (error) {
      const isUnheardOf = protocolErrorOf(error) === "UNKNOWN_TOPIC_OR_PARTITION";
      if (!isUnheardOf || performance.now() > deadline) throw error;
      await delay(ASK_AGAIN_MS);
    }
  }
}
