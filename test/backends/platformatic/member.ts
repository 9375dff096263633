import type { GroupHandler, GroupMember } from "@millrace/event-log";
import {
  type API,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV9,
  offsetFetchV9,
  syncGroupV5,
} from "@platformatic/kafka";
import { type Cluster, isBrokerError } from "./cluster.ts";
import { Delivery, lostOwnership } from "./owned-partition.ts";
import { sharePartitions } from "./share-partitions.ts";

const SESSION_MS = 6_000;
const REBALANCE_MS = 10_000;
const HEARTBEAT_MS = 150;
const PROTOCOL_TYPE = "millrace";
const PROTOCOL = "sticky";

/** What a member is made with. */
export type MemberOptions = {
  readonly cluster: Cluster;
  readonly partitions: number;
  readonly group: string;
  readonly name: string;
  readonly handler: GroupHandler;
  readonly maxBatchBytes: number;
};

/**
 * A member of a group. It runs the group's protocol itself: the client's own consumer joins again as soon as it hears of a
 * rebalance, so that partitions go to others before their handlers were asked to finish.
 */
export class Member implements GroupMember {
  readonly #options: MemberOptions;
  readonly #owned = new Map<number, Delivery>();
  readonly #leaving = Promise.withResolvers<void>();
  readonly #joined = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #isLeaving = false;
  #memberId = "";
  #generation = -1;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Resolves when it has its first partitions. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#leaving.resolve();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving) {
      try {
        if (await this.#join()) continue;
        this.#joined.resolve();
        while (!this.#isLeaving && (await this.#isInOrder())) {
          await Promise.race([new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS)), this.#leaving.promise]);
        }
      } catch (error) {
        if (isBrokerError(error, "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID")) this.#loseAll();
        await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
      }
    }
    await Promise.all([...this.#owned.values()].map((delivery) => delivery.release()));
    this.#owned.clear();
    await this.#call(leaveGroupV5.api, this.#options.group, [{ memberId: this.#memberId }]).catch(() => {});
    this.#joined.resolve();
  }

  /** One round. @returns whether another one must follow, since partitions were let go */
  async #join(): Promise<boolean> {
    const { group, partitions } = this.#options;
    const metadata = jsonBytes([...this.#owned.keys()]);
    const response = await this.#call(
      joinGroupV9.api,
      group,
      SESSION_MS,
      REBALANCE_MS,
      this.#memberId,
      null,
      PROTOCOL_TYPE,
      [{ name: PROTOCOL, metadata }],
      null,
    ).catch((error: unknown) => {
      if (!isBrokerError(error, "MEMBER_ID_REQUIRED")) throw error;
      this.#memberId = (error as { response: { memberId: string } }).response.memberId;
    });
    if (response === undefined) return true;
    const { leader, generationId, memberId, members } = response;
    this.#memberId = memberId ?? "";
    const claims = members.map((each) => ({ memberId: each.memberId, owned: ofJson(each.metadata) }));
    const shares = leader === memberId ? [...sharePartitions(claims, partitions)] : [];
    const assignments = shares.map(([id, share]) => ({ memberId: id, assignment: jsonBytes(share) }));
    const { assignment } = await this.#call(
      syncGroupV5.api,
      group,
      generationId,
      this.#memberId,
      null,
      PROTOCOL_TYPE,
      PROTOCOL,
      assignments,
    );
    this.#generation = generationId;
    const share = new Set(ofJson(assignment));
    const released = [...this.#owned.values()].filter(({ partition }) => !share.has(partition));
    const releasing = Promise.all(released.map((delivery) => delivery.release()));
    // Others wait for what is let go, and the coordinator for signs of life.
    await this.#beatUntil(releasing);
    for (const { partition } of released) this.#owned.delete(partition);
    await Promise.all([...share].filter((partition) => !this.#owned.has(partition)).map((each) => this.#take(each)));
    return released.length > 0;
  }

  async #take(partition: number): Promise<void> {
    const { cluster, group, handler, maxBatchBytes } = this.#options;
    const delivery = new Delivery({
      cluster,
      lane: `fetch ${this.#options.name} ${partition}`,
      partition,
      startOffset: await committedOffset(cluster, group, partition),
      maxBatchBytes,
      handler,
      commit: (...what) => this.#commit(...what),
    });
    this.#owned.set(partition, delivery);
    await delivery.start();
  }

  async #commit(partition: number, offset: number): Promise<void> {
    const { cluster, group, name } = this.#options;
    const broker = await cluster.coordinator(group);
    const committed = { partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: -1 };
    const topics = [{ name: cluster.topic, partitions: [{ ...committed, committedMetadata: null }] }];
    for (;;) {
      try {
        const { api } = offsetCommitV9;
        await cluster.call(`commit ${name}`, broker, api, group, this.#generation, this.#memberId, null, topics);
        return;
      } catch (error) {
        // A round that is under way: the next generation is known in a moment.
        if (!isBrokerError(error, "REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION")) throw error;
        if (!this.#owned.has(partition)) throw lostOwnership(error);
        await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
      }
    }
  }

  async #isInOrder(): Promise<boolean> {
    const { group } = this.#options;
    try {
      await this.#call(heartbeatV4.api, group, this.#generation, this.#memberId, null);
      return true;
    } catch (error) {
      if (isBrokerError(error, "REBALANCE_IN_PROGRESS")) return false;
      throw error;
    }
  }

  async #beatUntil(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.then(() => {
      isDone = true;
    });
    while (!isDone) {
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS))]);
      if (!isDone) await this.#isInOrder();
    }
  }

  #loseAll(): void {
    for (const delivery of this.#owned.values()) delivery.lose();
    this.#owned.clear();
    this.#memberId = "";
  }

  async #call<Arguments extends unknown[], Response>(
    api: API<Arguments, Response>,
    ...args: Arguments
  ): Promise<Response> {
    const { cluster, group, name } = this.#options;
    return cluster.call(`member ${name}`, await cluster.coordinator(group), api, ...args);
  }
}

/** The committed offset of a group's partition; 0 when none was. */
export async function committedOffset(cluster: Cluster, group: string, partition: number): Promise<number> {
  const topics = [{ name: cluster.topic, partitionIndexes: [partition] }];
  const asked = [{ groupId: group, memberId: null, memberEpoch: -1, topics }];
  const { groups } = await cluster.call("control", await cluster.coordinator(group), offsetFetchV9.api, asked, false);
  const offset = groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? -1n;
  return Math.max(0, Number(offset));
}

function jsonBytes(partitions: readonly number[]): Buffer {
  return Buffer.from(JSON.stringify(partitions));
}

function ofJson(bytes: Buffer | null): number[] {
  return bytes === null || bytes.length === 0 ? [] : JSON.parse(bytes.toString());
}
