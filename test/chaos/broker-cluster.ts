import { type KafkaOptions, migrateKafkaTopics, openKafkaEventLog } from "@millrace/event-log/kafka";
import { type OwnServers, ownKafkaCluster } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { type ITopicMetadata, Kafka, logLevel } from "kafkajs";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const OFFSETS_TOPIC = "__consumer_offsets";

/** Three brokers of a suite's own, and who leads what in them. */
export class BrokerCluster implements AsyncDisposable {
  readonly servers: OwnServers;
  /** For each partition of a topic ("topic/0") every broker that was seen to lead it. */
  readonly leaders = new Map<string, Set<number>>();
  readonly #kafka: Kafka;

  private constructor(servers: OwnServers, kafka: Kafka) {
    this.servers = servers;
    this.#kafka = kafka;
  }

  static async start(): Promise<BrokerCluster> {
    const servers = await ownKafkaCluster();
    // A broker that is frozen answers nothing: another one is soon asked.
    const impatience = { requestTimeout: 2_000, retry: { retries: 2 } };
    const kafka = new Kafka({ brokers: servers.addresses, logLevel: logLevel.NOTHING, ...impatience });
    return new BrokerCluster(servers, kafka);
  }

  /** A log on a topic of its own, whose records so many brokers have, two of which must. */
  async log(topic: string, plan: { readonly partitions: number; readonly replicationFactor: number }) {
    const options: KafkaOptions = {
      brokers: this.servers.addresses,
      topic,
      controlTopic: `${topic}.control`,
      appendDeadlineMs: 6_000,
      sessionTimeoutMs: 10_000,
      log: SILENT,
    };
    const findings = await migrateKafkaTopics({ ...options, deadLettersTopic: `${topic}.dead-letters` }, plan);
    const problem = findings.find(({ level }) => level === "problem");
    if (problem !== undefined) throw new Error(problem.text);
    return openKafkaEventLog(options);
  }

  /** Notes who leads the partitions of a topic, and of the groups' offsets, now. Gives the brokers in sync, by partition. */
  async look(topic: string): Promise<number[][]> {
    const topics = await this.#metadata([topic, OFFSETS_TOPIC]);
    for (const { name, partitions } of topics) {
      for (const { partitionId, leader } of partitions) {
        const key = `${name}/${partitionId}`;
        const seen = this.leaders.get(key) ?? new Set();
        this.leaders.set(key, leader < 0 ? seen : seen.add(leader));
      }
    }
    return inOrder(topics.find(({ name }) => name === topic)).map(({ isr }) => isr);
  }

  /** The brokers in sync, by partition; unlike {@link look} also before any group has joined. */
  async inSync(topic: string): Promise<number[][]> {
    return inOrder((await this.#metadata([topic]))[0]).map(({ isr }) => isr);
  }

  /** The replicas of each partition of a topic: ids of brokers. */
  async replicas(topic: string): Promise<number[][]> {
    return inOrder((await this.#metadata([topic]))[0]).map(({ replicas }) => replicas);
  }

  /** Waits until every partition of a topic has so many replicas in sync. */
  async untilInSync(topic: string, count: number): Promise<void> {
    const isInSync = async () => (await this.look(topic)).every((isr) => isr.length >= count);
    await until(`${count} replicas of ${topic} are in sync`, isInSync, { withinMs: 90_000, everyMs: 200 });
  }

  /** Asks anew each time: a client that is connected to a frozen broker goes on asking that. */
  async #metadata(topics: string[]): Promise<ITopicMetadata[]> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return (await admin.fetchTopicMetadata({ topics })).topics;
    } finally {
      await admin.disconnect();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.servers.dispose();
  }
}

function inOrder(topic: ITopicMetadata | undefined) {
  return (topic?.partitions ?? []).toSorted((a, b) => a.partitionId - b.partitionId);
}
