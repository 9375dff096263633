import { Failure } from "@millrace/failure";
import {
  Admin,
  type API,
  type Broker,
  ConnectionPool,
  findCoordinatorV6,
  type GenericError,
} from "@platformatic/kafka";

/** Where a partition is led. */
export type Leader = { readonly broker: Broker; readonly topicId: string; readonly leaderEpoch: number };

const REQUEST_MS = 10_000;
const GROUP_KEY = 0;
const PAUSE_MS = 50;
/** What brokers answer who takes them for a leader that they are not, or not yet. */
const STALE = [
  "NOT_LEADER_OR_FOLLOWER",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "LEADER_NOT_AVAILABLE",
];

/** What a cluster is, by @platformatic/kafka: its metadata by its admin client, and connections by its pools. */
export class Cluster {
  readonly topic: string;
  readonly #admin: Admin;
  readonly #pools = new Map<string, ConnectionPool>();

  constructor(brokers: readonly string[], topic: string) {
    this.topic = topic;
    this.#admin = new Admin({ clientId: "millrace", bootstrapBrokers: [...brokers], retries: 3 });
  }

  async partitions(): Promise<number> {
    return (await this.#topic(false)).partitionsCount;
  }

  async leader(partition: number, refresh = false): Promise<Leader> {
    const { id, partitions } = await this.#topic(refresh);
    const { leader, leaderEpoch } = partitions[partition]!;
    return { broker: await this.#broker(leader), topicId: id, leaderEpoch };
  }

  /** Asks a partition's leader, and again who that is where it is somebody else by now. */
  async atLeader<T>(partition: number, ask: (leader: Leader) => Promise<T>): Promise<T> {
    const deadline = performance.now() + REQUEST_MS;
    for (let isAgain = false; ; isAgain = true) {
      try {
        return await ask(await this.leader(partition, isAgain));
      } catch (error) {
        if (!isBrokerError(error, ...STALE) || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  async coordinator(group: string): Promise<Broker> {
    const { brokers } = await this.#metadata(false);
    const [any] = brokers.values();
    const { coordinators } = await this.call("control", any!, findCoordinatorV6.api, GROUP_KEY, [group]);
    const { nodeId, errorCode } = coordinators[0]!;
    if (errorCode !== 0) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the group has no coordinator yet");
    return await this.#broker(nodeId);
  }

  /** Sends a request over the lane's own connection to a broker. On one lane, requests wait for each other's answers at the broker. */
  async call<Arguments extends unknown[], Response>(
    lane: string,
    broker: Broker,
    api: API<Arguments, Response>,
    ...args: Arguments
  ): Promise<Response> {
    let pool = this.#pools.get(lane);
    if (pool === undefined) {
      pool = new ConnectionPool("millrace", { requestTimeout: REQUEST_MS });
      this.#pools.set(lane, pool);
    }
    return await api.async(await pool.get(broker), ...args);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await this.#admin.close();
  }

  async #topic(refresh: boolean) {
    return (await this.#metadata(refresh)).topics.get(this.topic)!;
  }

  async #broker(id: number): Promise<Broker> {
    const broker = (await this.#metadata(false)).brokers.get(id);
    if (broker === undefined) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `broker ${id} is away`);
    return broker;
  }

  #metadata(forceUpdate: boolean) {
    return this.#admin.metadata({ topics: [this.topic], forceUpdate });
  }
}

/** Whether an error of the client is the broker's, of this name, such as "OFFSET_OUT_OF_RANGE". */
export function isBrokerError(error: unknown, ...names: readonly string[]): boolean {
  const found = error as GenericError | undefined;
  return names.some((name) => found?.findBy?.("apiId", name) != null);
}
