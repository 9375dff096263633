import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import type { TopicState } from "./topic-settings.ts";

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
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  return { ...described, settings: new Map(entries.map((entry) => [entry.configName, entry.configValue])) };
}
