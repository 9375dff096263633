import { Failure } from "@millrace/failure";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import type { ClusterLink } from "./cluster-link.ts";
import type { Membership } from "./membership.ts";

/** A commit that waits for its request. */
type Waiting = {
  readonly partition: number;
  readonly offset: number;
  readonly isOwned: () => boolean;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
};

const COMMIT_DEADLINE_MS = 30_000;
const REQUEST_DEADLINE_MS = 5_000;
const BACKOFF_MS = 100;
const DOUBTS = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION"];

/**
 * Makes offsets durable: one request at a time for all partitions of a member, in the order of the calls.
 *
 * - C1 Every request names the member and its generation, so that the broker refuses those of a member that was given up.
 * - C2 A partition's offset is only sent while the member owns it, which is asked at the moment of sending: brokers take
 *   any partition from a living member.
 */
export class CommitQueue {
  readonly #link: ClusterLink;
  readonly #membership: Membership;
  readonly #group: string;
  readonly #topic: string;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(link: ClusterLink, membership: Membership, group: string, topic: string) {
    this.#link = link;
    this.#membership = membership;
    this.#group = group;
    this.#topic = topic;
  }

  /**
   * @param isOwned whether the member still owns the partition, and the commit is still wanted
   * @throws Failure `stale` (OWNERSHIP_LOST), or `unknownOutcome` when Kafka was away for 30 s
   */
  commit(partition: number, offset: number, isOwned: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + COMMIT_DEADLINE_MS;
      this.#waiting.push({ partition, offset, isOwned, deadlineMs, resolve, reject });
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async #run(): Promise<void> {
    // Commits of one turn of the event loop share a request.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0).filter((each) => this.#isStillOwned(each));
      if (batch.length === 0) continue;
      const { sent, error } = await this.#send(batch);
      const unsent = batch.filter((each) => !sent.includes(each));
      for (const each of sent) each.resolve();
      const late = unsent.filter((each) => performance.now() >= each.deadlineMs);
      for (const each of late) each.reject(outcomeUnknown(error));
      this.#waiting.unshift(...unsent.filter((each) => !late.includes(each)));
    }
  }

  /** @returns which are durable now; after a pause where something went wrong, with what */
  async #send(batch: readonly Waiting[]): Promise<{ sent: readonly Waiting[]; error?: unknown }> {
    const identity = this.#membership.identity();
    if (identity === undefined) {
      await this.#membership.changed(BACKOFF_MS);
      return { sent: [], error: new Failure("unavailable", "BACKEND_UNAVAILABLE", "The group is changing.") };
    }
    try {
      const sent = await this.#link.useCoordinator(
        this.#group,
        "a commit",
        REQUEST_DEADLINE_MS,
        async (coordinator) => {
          // C2: finding the coordinator may have taken its time.
          const owned = batch.filter(({ isOwned }) => isOwned());
          const offsets = new Map(owned.map(({ partition, offset }) => [partition, String(offset)]));
          const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset }));
          const topics = [{ topic: this.#topic, partitions }];
          const { memberId, generation: groupGenerationId } = identity;
          if (owned.length > 0)
            await coordinator.offsetCommit({ groupId: this.#group, groupGenerationId, memberId, topics });
          return owned;
        },
      );
      return { sent };
    } catch (error) {
      const type = protocolErrorOf(error) ?? "";
      // The coordinator knows better who is in the group: the membership finds out, and the partition may be ours in the end.
      if (type === "UNKNOWN_MEMBER_ID") this.#membership.unknown(identity, error);
      else if (DOUBTS.includes(type)) this.#membership.doubt();
      await this.#membership.changed(BACKOFF_MS);
      return { sent: [], error };
    }
  }

  #isStillOwned({ partition, isOwned, reject }: Waiting): boolean {
    if (isOwned()) return true;
    reject(lostOwnership(partition));
    return false;
  }
}

/** A partition that is another member's by now. */
export function lostOwnership(partition: number): Failure {
  return new Failure("stale", "OWNERSHIP_LOST", `Partition ${partition} belongs to another member by now.`);
}

function outcomeUnknown(error: unknown): Failure {
  const { message } = kafkaFailure(error, "committing");
  return new Failure("unknownOutcome", "BACKEND_TIMEOUT", message, { cause: error });
}
