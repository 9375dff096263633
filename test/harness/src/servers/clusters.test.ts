import { expect, test } from "vitest";
import { CASSANDRA_PROBE } from "./cassandra/server.ts";
import { cassandraCluster, kafkaCluster } from "./index.ts";
import { knowsBrokers } from "./kafka/probe.ts";
import { ask } from "./probe.ts";

test("gives a Kafka of three brokers, each of which knows the others", async () => {
  const { brokers } = await kafkaCluster();
  expect(new Set(brokers).size).toBe(3);
  await Promise.all(brokers.map((broker) => ask(broker, knowsBrokers(3))));
});

test("gives a Cassandra of three nodes, each of which answers", async () => {
  const { contactPoints } = await cassandraCluster();
  expect(new Set(contactPoints).size).toBe(3);
  await Promise.all(contactPoints.map((node) => ask(node, CASSANDRA_PROBE)));
});
