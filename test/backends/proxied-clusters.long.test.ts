import { type OwnServers, ownCassandraCluster, ownKafkaCluster } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { Admin } from "@platformatic/kafka";
import cassandra from "cassandra-driver";
import { afterAll, beforeAll, expect, test } from "vitest";

let kafka: OwnServers;
let ring: OwnServers;

beforeAll(async () => {
  [kafka, ring] = await Promise.all([ownKafkaCluster({ proxied: true }), ownCassandraCluster({ proxied: true })]);
});

afterAll(() => Promise.all([kafka?.dispose(), ring?.dispose()]));

test("a Kafka client that knows one proxy reaches every broker through its proxy alone, killed and restarted ones too", async () => {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: kafka.addresses.slice(0, 1) });
  const addresses = async () => {
    const { brokers } = await admin.metadata({ forceUpdate: true });
    return [...brokers.values()].map(({ host, port }) => `${host}:${port}`).sort();
  };
  const all = [...kafka.addresses].sort();
  expect(await addresses()).toEqual(all);
  await kafka.nodes[2]?.kill9();
  await until("it is missed", async () => (await addresses()).length === 2);
  await kafka.nodes[2]?.start();
  await until("it is back", async () => (await addresses()).length === 3);
  expect(await addresses()).toEqual(all);
  await admin.close();
});

test("a Cassandra driver that knows one proxy reaches every node through its proxy alone", async () => {
  const [contactPoint = ""] = ring.addresses;
  const client = new cassandra.Client({
    contactPoints: [contactPoint],
    localDataCenter: "datacenter1",
    protocolOptions: { maxVersion: 4, port: Number(contactPoint.split(":")[1]) },
    pooling: { warmup: true },
  });
  await client.connect();
  const hosts = client.hosts.values().map(({ address }) => address);
  expect(hosts.sort()).toEqual([...ring.addresses].sort());
  expect(ring.nodes.every(({ proxy }) => (proxy?.open ?? 0) > 0)).toBe(true);
  await client.shutdown();
});
