import { Failure } from "@millrace/failure";
import type { Kafka } from "kafkajs";
import type { GroupHandler, GroupMember } from "../../event-log.ts";
import { ClusterLink } from "./cluster-link.ts";
import { CommitQueue } from "./commit-queue.ts";
import { Fetcher } from "./fetcher.ts";
import type { LogClock } from "./log-clock.ts";
import { Membership } from "./membership.ts";
import { PartitionDelivery } from "./partition-delivery.ts";
import { type Bounds, PartitionOffsets } from "./partition-offsets.ts";

/** What a member needs. */
export type GroupMemberDeps = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partitions: number;
  readonly group: string;
  readonly handler: GroupHandler;
  /** Told of each round in which the group shared its partitions out. */
  readonly rebalanced: () => void;
  readonly maxBatchBytes: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  /** How long nothing may go on where something should, before the member is declared stuck. */
  readonly stuckMs: number;
  readonly clock: LogClock;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
};

/** How a member fares, in milliseconds; for metrics and probes. */
export type MemberProgress = {
  readonly group: string;
  readonly partitions: number;
  /** Since the coordinator last said that the member is in the group. */
  readonly contactAgeMs: number;
  /** For how long the oldest request to a broker has been under way. */
  readonly fetchAgeMs: number;
  /** For how long a partition with records to read has not moved, though its handler was free. */
  readonly standstillMs: number;
};

/** A partition that the member holds, from the share on until it has let go of it. */
type Held = { delivery: PartitionDelivery | undefined; releasing: boolean; readonly lost: AbortController };

const BACKOFF_MS = 200;
const TOGETHER_MS = 50;
/** How often the ends of partitions are learned whose handlers are busy for longer than that. */
const ENDS_MS = 5_000;
/** Brokers that answered within this time are there, so that records should come. */
const ANSWERING_MS = 10_000;
const FETCH_BYTES_MIN = 1024 * 1024;

/** One member of a group: what it is given it begins, what it is no longer given it finishes with, and says so. */
export class KafkaGroupMember implements GroupMember {
  readonly #deps: GroupMemberDeps;
  readonly #links: readonly [ClusterLink, ClusterLink];
  readonly #membership: Membership;
  readonly #commits: CommitQueue;
  readonly #offsets: PartitionOffsets;
  readonly #fetcher: Fetcher;
  readonly #held = new Map<number, Held>();
  readonly #releases = new Set<Promise<void>>();
  readonly #watchdog: NodeJS.Timeout;
  readonly #endsWatch: NodeJS.Timeout;
  #releasing: NodeJS.Timeout | undefined;
  #leaving: Promise<void> | undefined;
  /** When a broker last answered a fetch, by `performance.now()`. */
  #fetchedMs = Number.NEGATIVE_INFINITY;
  /** How often in a row the watchdog saw nothing move. */
  #suspicions = 0;
  #joined: (() => void) | undefined;
  #refused: ((error: unknown) => void) | undefined;

  constructor(deps: GroupMemberDeps) {
    const { kafka, topic, group, maxBatchBytes } = deps;
    this.#deps = deps;
    const membershipLink = new ClusterLink(kafka, topic);
    const link = new ClusterLink(kafka, topic);
    this.#links = [membershipLink, link];
    const failed = (error: unknown) => this.#failed(error);
    this.#membership = new Membership({
      ...deps,
      link: membershipLink,
      commitLink: link,
      claims: () => this.#claims(),
      shared: (partitions) => this.#shared(partitions),
      expelled: (reason) => this.#expelled(reason),
      failed,
    });
    this.#commits = new CommitQueue(link, this.#membership, group, topic);
    this.#offsets = new PartitionOffsets(link, topic);
    const partitionBytes = Math.max(FETCH_BYTES_MIN, maxBatchBytes);
    this.#fetcher = new Fetcher({
      kafka,
      topic,
      clock: deps.clock,
      offsets: this.#offsets,
      partitionBytes,
      failed,
      succeeded: () => {
        this.#fetchedMs = performance.now();
      },
    });
    this.#watchdog = setInterval(() => this.#watch(), Math.max(1000, deps.stuckMs / 8));
    this.#endsWatch = setInterval(() => void this.#learnEnds(), ENDS_MS);
    // Neither timer may keep a process alive that has nothing else to do.
    this.#watchdog.unref();
    this.#endsWatch.unref();
  }

  /** Joins; resolves with the first share. */
  join(): Promise<void> {
    const joined = new Promise<void>((resolve, reject) => {
      this.#refused = reject;
      this.#joined = () => {
        this.#refused = undefined;
        resolve();
      };
    });
    this.#membership.start();
    return joined;
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  progress(): MemberProgress {
    const now = performance.now();
    const behind = [...this.#held.values()].flatMap(({ delivery }) =>
      delivery?.isBehind ? [now - delivery.turnMs] : [],
    );
    return {
      group: this.#deps.group,
      partitions: this.#held.size,
      contactAgeMs: now - this.#membership.contactMs,
      fetchAgeMs: this.#fetcher.stalledMs(),
      standstillMs: Math.max(0, ...behind),
    };
  }

  async #leave(): Promise<void> {
    clearInterval(this.#watchdog);
    clearInterval(this.#endsWatch);
    clearTimeout(this.#releasing);
    for (const [partition, held] of this.#held) this.#release(partition, held);
    await Promise.all(this.#releases);
    await this.#membership.stop();
    await this.#fetcher.close();
    await Promise.all(this.#links.map((link) => link.close()));
    this.#refused?.(new Failure("unavailable", "CLOSED", "The member left before it had joined."));
  }

  #claims(): { owned: number[]; releasing: number[]; leaving: boolean } {
    const owned: number[] = [];
    const releasing: number[] = [];
    for (const [partition, held] of this.#held) (held.releasing ? releasing : owned).push(partition);
    return { owned, releasing, leaving: this.#leaving !== undefined };
  }

  #shared(partitions: readonly number[]): void {
    if (this.#leaving !== undefined) return;
    const share = new Set(partitions);
    for (const [partition, held] of this.#held) if (!share.has(partition)) this.#release(partition, held);
    const added = partitions.filter((partition) => !this.#held.has(partition));
    for (const partition of added) {
      this.#held.set(partition, { delivery: undefined, releasing: false, lost: new AbortController() });
    }
    const begun = this.#begin(added.map((partition) => ({ partition, held: this.#held.get(partition)! })));
    void begun.then(() => this.#joined?.());
  }

  async #begin(added: { partition: number; held: Held }[]): Promise<void> {
    let waiting = added;
    while (waiting.length > 0) {
      const partitions = waiting.map(({ partition }) => partition);
      try {
        const [committed, bounds] = await Promise.all([
          this.#offsets.committed(this.#deps.group, partitions),
          this.#offsets.boundsOf(partitions),
        ]);
        const wanted = waiting.filter(isWanted);
        await Promise.all(
          wanted.map(({ partition, held }) =>
            this.#deliver(partition, held, committed.get(partition)!, bounds.get(partition)!),
          ),
        );
        return;
      } catch (error) {
        this.#deps.log.warn({ err: error, partitions }, "could not begin with partitions yet");
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
      }
      waiting = waiting.filter(isWanted);
    }
  }

  #deliver(partition: number, held: Held, committed: number, bounds: Bounds): Promise<void> {
    const { handler, maxBatchBytes, clock } = this.#deps;
    const failed = (error: unknown) => handler.failed(error, partition);
    const delivery = new PartitionDelivery({
      partition,
      committed,
      bounds,
      maxBatchBytes,
      clock,
      commit: (offset, isOwned) => this.#commits.commit(partition, offset, isOwned),
      inDoubt: () => this.#membership.inDoubt(),
      hungry: () => this.#fetcher.hungry(partition),
      failed,
    });
    held.delivery = delivery;
    this.#fetcher.add(delivery);
    return delivery.begin(async () => handler.assigned(delivery));
  }

  /** Finishes with a partition; the group hears of it by another join. */
  #release(partition: number, held: Held): void {
    if (held.releasing) return;
    held.releasing = true;
    const released = this.#letGo(partition, held);
    this.#releases.add(released);
    void released.finally(() => {
      this.#releases.delete(released);
      // Once for all that are let go at about the same time.
      this.#releasing ??= setTimeout(
        () => {
          this.#releasing = undefined;
          if (this.#leaving === undefined) this.#membership.rejoin();
        },
        this.#releases.size === 0 ? 0 : TOGETHER_MS,
      );
    });
  }

  async #letGo(partition: number, held: Held): Promise<void> {
    if (held.delivery !== undefined) {
      this.#fetcher.remove(held.delivery);
      await held.delivery.revoke();
    }
    if (this.#held.get(partition) === held) this.#held.delete(partition);
  }

  #expelled(reason: Failure): void {
    for (const { delivery, lost } of this.#held.values()) {
      lost.abort();
      if (delivery === undefined) continue;
      this.#fetcher.remove(delivery);
      delivery.lose(reason);
    }
    if (this.#held.size > 0)
      this.#deps.log.warn({ group: this.#deps.group }, "the group gave this member's partitions away");
    this.#held.clear();
  }

  /** Nothing is fetched for a handler that waits, but how far it is behind should be known all the same. */
  async #learnEnds(): Promise<void> {
    const busyBeforeMs = performance.now() - ENDS_MS;
    const busy = [...this.#held.values()].flatMap(({ delivery }) =>
      delivery?.busySinceMs !== undefined && delivery.busySinceMs < busyBeforeMs ? [delivery] : [],
    );
    if (busy.length === 0) return;
    try {
      const bounds = await this.#offsets.boundsOf(busy.map(({ partition }) => partition));
      for (const delivery of busy) delivery.sawEnd(bounds.get(delivery.partition)!.end);
    } catch {
      // It is asked again.
    }
  }

  #failed(error: unknown): void {
    const refused = this.#refused;
    if (refused !== undefined) refused(error);
    else if (this.#leaving === undefined) this.#deps.handler.failed(error, undefined);
  }

  /** Something that should move has not: a defect, or kafkajs's; a new process is better than one that pretends to live. */
  #watch(): void {
    const { stuckMs, group, rebalanceTimeoutMs } = this.#deps;
    const now = performance.now();
    const { fetchAgeMs, standstillMs } = this.progress();
    const isAnswered = now - this.#fetchedMs < ANSWERING_MS;
    const stuckBy = Math.max(
      fetchAgeMs,
      isAnswered ? standstillMs : 0,
      now - this.#membership.turnMs - rebalanceTimeoutMs,
    );
    // Seen twice, since all is old right after the process itself was stopped for a while.
    this.#suspicions = stuckBy < stuckMs ? 0 : this.#suspicions + 1;
    if (this.#suspicions < 2) return;
    clearInterval(this.#watchdog);
    const message = `Nothing has moved for ${Math.round(stuckBy / 1000)} s in the group ${group}, though it should have.`;
    this.#failed(new Failure("internal", "INTERNAL", message));
  }
}

function isWanted({ held }: { readonly held: Held }): boolean {
  return !held.releasing && !held.lost.signal.aborted;
}
