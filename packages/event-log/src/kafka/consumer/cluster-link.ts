import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import type { Broker, Cluster, GroupState, Kafka } from "kafkajs";
import { protocolErrorOf } from "../kafka-failure.ts";

/** What kafkajs's Broker can do beside what its types tell. 2.2.4 is the last release, so this stays as it is. */
export type GroupBroker = Omit<Broker, "fetch" | "offsetCommit" | "offsetFetch"> & {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: GroupState[];
  }): Promise<JoinedGroup>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  fetch(request: FetchRequest): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
};

/** The answer to a JoinGroup request; `members` has something in it for the leader only. */
export type JoinedGroup = {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
};

type FetchRequest = {
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  isolationLevel: number;
  topics: { topic: string; partitions: FetchRequestPartition[] }[];
};

/** A partition's part of a fetch request. */
export type FetchRequestPartition = { partition: number; fetchOffset: string; maxBytes: number };

/** What a fetch gives of one partition, decoded; whole batches, which may begin before the offset that was asked for. */
export type FetchedPartition = {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
};

/** A record as kafkajs decodes it. */
export type FetchedMessage = {
  readonly offset: string;
  readonly timestamp: string;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly isControlRecord?: boolean;
};

/**
 * Connections to the brokers that belong to one user of them. When one behaves strangely, all of them are thrown away and
 * made anew: kafkajs keeps a connection whose request timed out, and could mistake a late answer for another one's.
 */
export class ClusterLink {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #opening: Promise<Cluster> | undefined;
  #closed = false;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /**
   * Does something with the connected cluster, whose metadata know the topic.
   *
   * @throws kafkajs's error, or a Failure `unavailable` (BACKEND_TIMEOUT) after `deadlineMs`
   */
  async use<T>(what: string, deadlineMs: number, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Failure("unavailable", "CLOSED", "The connection to Kafka is closed.");
    this.#opening ??= this.#open();
    const opening = this.#opening;
    const untilMs = performance.now() + deadlineMs;
    try {
      return await withDeadline(
        what,
        deadlineMs,
        opening.then((cluster) => {
          // Nobody waits for it any more: it must not be done behind everyone's back.
          if (performance.now() >= untilMs) throw noAnswer(what, deadlineMs);
          return work(cluster);
        }),
      );
    } catch (error) {
      if (protocolErrorOf(error) === undefined) this.#discard(opening);
      throw error;
    }
  }

  /** As {@link use}, with the coordinator of a group. */
  useCoordinator<T>(
    group: string,
    what: string,
    deadlineMs: number,
    work: (coordinator: GroupBroker) => Promise<T>,
  ): Promise<T> {
    const untilMs = performance.now() + deadlineMs;
    return this.use(what, deadlineMs, async (cluster) => {
      const coordinator = (await cluster.findGroupCoordinator({ groupId: group })) as unknown as GroupBroker;
      if (performance.now() >= untilMs) throw noAnswer(what, deadlineMs);
      return work(coordinator);
    });
  }

  /** Disconnects. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    if (opening === undefined) return;
    const disconnected = disconnect(opening);
    // What waits for an answer keeps kafkajs from disconnecting; nobody needs the answer any more.
    await Promise.race([disconnected, pause(CLOSE_MS, undefined, { ref: false })]);
    this.#opening = undefined;
  }

  #discard(opening: Promise<Cluster>): void {
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    void disconnect(opening);
  }

  async #open(): Promise<Cluster> {
    const cluster = clusterOf(this.#kafka);
    try {
      await cluster.connect();
      await cluster.addTargetTopic(this.#topic);
    } catch (error) {
      await cluster.disconnect().catch(() => undefined);
      throw error;
    }
    return cluster;
  }
}

const CLOSE_MS = 1000;

async function disconnect(opening: Promise<Cluster>): Promise<void> {
  try {
    await (await opening).disconnect();
  } catch {
    // It was not connected.
  }
}

/** kafkajs hands its Cluster to those who make assigners: the one public way to it. */
function clusterOf(kafka: Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: "unused",
    allowAutoTopicCreation: false,
    readUncommitted: true,
    metadataMaxAge: METADATA_AGE_MS,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: "unused",
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: "", metadata: NOTHING }),
        };
      },
    ],
  });
  if (found === undefined) throw new Failure("internal", "INTERNAL", "kafkajs made no cluster.");
  return found;
}

const METADATA_AGE_MS = 60_000;
const NOTHING = Buffer.alloc(0);

async function withDeadline<T>(what: string, deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(noAnswer(what, deadlineMs));
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(what: string, deadlineMs: number): Failure {
  return new Failure("unavailable", "BACKEND_TIMEOUT", `Kafka did not answer within ${deadlineMs} ms: ${what}.`);
}
