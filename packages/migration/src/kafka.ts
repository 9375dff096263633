import { kafkaSettingsOf, silentLogger, type Values } from "@millrace/runtime";
import type { Backends } from "./backends.ts";
import type { Finding } from "./finding.ts";
import type { MigrationRequest } from "./request.ts";
import type { KAFKA_TABLE } from "./variables.ts";

/** Makes the topics, checks them and writes down their generations, or tells what is missing and unsafe. */
export async function* prepareKafka(
  values: Values<typeof KAFKA_TABLE>,
  { partitions, replicas, allow, newGeneration, check }: MigrationRequest,
  { migrateKafkaTopics }: Backends,
): AsyncGenerator<Finding, void, undefined> {
  const { kafkaDeadLettersTopic: deadLettersTopic } = values;
  const options = { ...kafkaSettingsOf(values), deadLettersTopic, clientId: "millrace-migrate", log: silentLogger() };
  const findings = await migrateKafkaTopics(options, {
    ...(partitions !== undefined && { partitions }),
    ...(replicas !== undefined && { replicationFactor: replicas }),
    ...(allow && { allow }),
    ...(newGeneration && { newGeneration }),
    ...(check && { check }),
  });
  for (const { topic, level, text, advice } of findings) {
    yield { subject: `kafka ${topic}`, level, text, ...(advice && { advice }) };
  }
}
