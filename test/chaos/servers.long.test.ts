/** As servers.test.ts, with three nodes of Cassandra and three brokers: one away, then too many, all back. */
import { Code, ConnectError } from "@connectrpc/connect";
import { IngestService, Outcome } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { createTicks } from "@millrace/harness/load";
import { type OwnNode, type OwnServers, ownCassandraCluster, ownKafkaCluster } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PATIENCE } from "./project-load.ts";
import { chaosSeed, randomFrom } from "./seed.ts";
import { ServerMesh } from "./server-mesh.ts";

let on: ServerMesh;
let kafka: OwnServers;
let cassandra: OwnServers;

beforeAll(async () => {
  [kafka, cassandra] = await Promise.all([ownKafkaCluster(), ownCassandraCluster({ commitlogSync: "batch" })]);
  on = await ServerMesh.start({ cassandra, kafka, replicas: 3 }, randomFrom(chaosSeed()));
}, 600_000);
afterAll(() => on?.[Symbol.asyncDispose]());

it("one node of Cassandra is killed: nothing fails. A second: writes wait, questions fail in plain words. Both back: exact", async () => {
  const load = await on.load("two-nodes-killed");
  const [, second, third] = cassandra.nodes;
  await third!.kill9();
  await load.expectIngestGoesOn("without-one");
  await until("questions are answered", () => on.count("two-nodes-killed"), PATIENCE);
  await second!.kill9();
  const [words, stalled] = await Promise.all([
    on.expectNoAnswer("two-nodes-killed"),
    on.untilStalled(/Cassandra/),
    load.expectIngestGoesOn("without-two"),
  ]);
  await Promise.all([second!.start(), third!.start()]);
  await until("questions are answered", () => on.count("two-nodes-killed"), PATIENCE);
  await load.expectExactAfter(`two of three nodes killed, "${words}", "${stalled}"`);
});

it("brokers are restarted one after the other: nothing is lost, and nothing counts twice", async () => {
  const load = await on.load("rolling-brokers");
  for (const [round, going] of (["stop", "kill9", "stop"] as const).entries()) {
    const node = kafka.nodes[round]!;
    await untilInSync(3);
    await node[going]();
    await load.expectIngestGoesOn(`without-${round + 1}`);
    await node.start();
  }
  await untilInSync(3);
  await load.expectExactAfter("brokers stopped, killed and stopped");
});

it("fewer replicas are in sync than must have an event: ingest acknowledges nothing, and goes on once they are", async () => {
  const load = await on.load("below-minimum");
  await untilInSync(3);
  await demandInSync(3);
  const third = kafka.nodes[2] as OwnNode;
  await third.kill9();
  await untilInSync(2);
  const during = load.send("during", "Send");
  const words = await refusal();
  expect(during.account.acknowledged).toBe(0);
  await third.start();
  await untilInSync(3);
  await demandInSync(2);
  await load.expectExactAfter(`two of three in sync where three must be, "${words}"`);
});

/** What ingest says to whoever sends now: that it can not take it. */
async function refusal(): Promise<string> {
  const key = await createTicks(on.mesh, "refused");
  const events = [{ name: "tick", userId: "u1", properties: { producer: "refused", amount: 1 } }];
  const client = on.mesh.clientOf("ingest-1", IngestService, key);
  const words = await client.send({ events }, { timeoutMs: 60_000 }).then(
    ({ acceptedCount, outcomes }) => {
      expect({ acceptedCount, outcomes }).toMatchObject({ acceptedCount: 0, outcomes: [{ outcome: Outcome.RETRY }] });
      return outcomes[0]!.message;
    },
    (thrown: unknown) => {
      const { code, rawMessage } = ConnectError.from(thrown);
      expect(code, rawMessage).toBe(Code.Unavailable);
      return rawMessage;
    },
  );
  expect(words).not.toMatch(/KafkaJS|NOT_ENOUGH/);
  return words;
}

/** Does something with Kafka's own means, by a client that knows no broker yet: one that is gone would be asked for long. */
async function administer<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const impatience = { requestTimeout: 2_000, retry: { retries: 2 } };
  const admin = new Kafka({ brokers: kafka.addresses, logLevel: logLevel.NOTHING, ...impatience }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until exactly so many replicas of every partition of the events' topic are in sync. */
async function untilInSync(count: number): Promise<void> {
  const topic = on.mesh.place["MILLRACE_KAFKA_TOPIC"]!;
  const isInSync = async () => {
    const { topics } = await administer((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    return topics[0]!.partitions.every(({ isr }) => isr.length === count);
  };
  await until(`${count} replicas of each partition are in sync`, isInSync, { withinMs: 120_000, everyMs: 200 });
}

/** Sets how many replicas must have what is acknowledged; the topic's other settings stay. */
async function demandInSync(count: number): Promise<void> {
  const topic = { type: ConfigResourceTypes.TOPIC, name: on.mesh.place["MILLRACE_KAFKA_TOPIC"]! };
  await administer(async (admin) => {
    const { resources } = await admin.describeConfigs({ resources: [topic], includeSynonyms: false });
    const own = resources[0]!.configEntries.filter(({ isDefault }) => !isDefault);
    const configEntries = own.map(({ configName: name, configValue }) => {
      return { name, value: name === "min.insync.replicas" ? String(count) : configValue };
    });
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...topic, configEntries }] });
  });
}
