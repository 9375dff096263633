import { Failure } from "@millrace/failure";
import { protocolErrorOf } from "../kafka-failure.ts";
import type { ClusterLink, GroupBroker, JoinedGroup } from "./cluster-link.ts";
import { decodeClaims, decodeShare, encodeClaims, encodeShare, PROTOCOL } from "./group-messages.ts";
import { assignSticky, type MemberClaims } from "./sticky-assignment.ts";

/** What brokers know a member by. */
export type MemberIdentity = { readonly memberId: string; readonly generation: number };

/** What a membership needs, and whom it tells. */
export type MembershipDeps = {
  /** For joining and heartbeats: a join holds up whatever is asked on the same connection. */
  readonly link: ClusterLink;
  /** For what can't wait for that. */
  readonly commitLink: ClusterLink;
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  /** What the member works on at this moment. */
  readonly claims: () => Pick<MemberClaims, "owned" | "releasing" | "leaving">;
  /** Told of each round. */
  readonly rebalanced: () => void;
  /** The member's share, after each round. */
  readonly shared: (partitions: readonly number[]) => void;
  /** The group has given all that the member had to others. */
  readonly expelled: (reason: Failure) => void;
  /** The member can't go on. */
  readonly failed: (error: unknown) => void;
  readonly log: { warn(fields: object, message: string): void };
};

/** The brokers take these for an answer that no repetition changes. */
const FATAL = new Set([
  "INCONSISTENT_GROUP_PROTOCOL",
  "INVALID_GROUP_ID",
  "INVALID_SESSION_TIMEOUT",
  "GROUP_AUTHORIZATION_FAILED",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "GROUP_MAX_SIZE_REACHED",
  "UNSUPPORTED_VERSION",
]);

const BACKOFF_MS = 200;
const DOUBT_MS = 5_000;
const LEAVE_MS = 3_000;
/** One in so many vain attempts is logged. */
const MISSES_LOGGED = 50;
/** Beyond the time that a round may take. */
const JOIN_MARGIN_MS = 6_000;

/**
 * Keeps a member in its group: joins, takes its share, sends heartbeats, and joins again when the group changes.
 *
 * - G1 Joining and waiting for others stops nobody's work: the member says what it holds, and keeps it until the share that
 *   comes back lacks it.
 * - G2 Nobody is given what another member holds ({@link assignSticky}); a holder joins again when it has let go.
 * - G3 A member that cannot reach the coordinator keeps what it has: the coordinator decides, and brokers refuse the
 *   commits of those whom it has given up.
 * - G4 Once the coordinator does not know the member any more, all that it had is lost at once, and it joins as a new one.
 */
export class Membership {
  readonly #deps: MembershipDeps;
  #memberId = "";
  #generation = -1;
  /** False between the answer to a join and that to its sync: commits are not taken meanwhile. */
  #synced = false;
  #rejoin = false;
  #stopping = false;
  #wake: (() => void) | undefined;
  #changes: (() => void)[] = [];
  #running: Promise<void> = Promise.resolve();
  #doubting: Promise<void> | undefined;
  #doubtedMs = Number.NEGATIVE_INFINITY;
  /** The generation of the last share that was taken. */
  #sharedGeneration = -1;
  #misses = 0;
  /** When the coordinator last said that all is well, by `performance.now()`. */
  contactMs = performance.now();
  /** When an attempt of any kind last ended, by `performance.now()`. */
  turnMs = performance.now();

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  /** Begins. The first share comes through `shared`. */
  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      this.#synced = false;
      this.#deps.failed(error);
    });
  }

  /** Who the member is, while it may commit. */
  identity(): MemberIdentity | undefined {
    return this.#synced ? { memberId: this.#memberId, generation: this.#generation } : undefined;
  }

  /** Asks for another round: something was let go. */
  rejoin(): void {
    this.#rejoin = true;
    this.#wake?.();
  }

  /** Asks the coordinator now whether the member is still in the group. */
  doubt(): void {
    this.#wake?.();
  }

  /** Resolves at the next change of the identity or the group, or after `ms`. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changes.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The coordinator does not know the member of this identity (G4), as it said to someone else here. */
  unknown(identity: MemberIdentity, cause: unknown): void {
    if (identity.memberId !== this.#memberId) return;
    this.#lose(true, cause);
    this.#wake?.();
  }

  /**
   * Undefined while the coordinator was heard of within the session; else resolves when it has answered, or not for some
   * seconds: a coordinator that is away must not keep everyone from working (G3).
   */
  inDoubt(): Promise<void> | undefined {
    const now = performance.now();
    if (now - Math.max(this.contactMs, this.#doubtedMs) < this.#deps.sessionTimeoutMs) return undefined;
    this.#doubting ??= (async () => {
      this.doubt();
      await this.changed(DOUBT_MS);
      this.#doubtedMs = performance.now();
      this.#doubting = undefined;
    })();
    return this.#doubting;
  }

  /** Leaves the group. What is under way ends then: the coordinator answers those who have left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#synced = false;
    this.#wake?.();
    this.#tellChange();
    const { commitLink, group } = this.#deps;
    const memberId = this.#memberId;
    if (memberId !== "") {
      try {
        await commitLink.useCoordinator(group, "leaving the group", LEAVE_MS, (coordinator) =>
          coordinator.leaveGroup({ groupId: group, memberId }),
        );
      } catch {
        // The session ends by itself then.
      }
    }
    await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())]);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#round();
        await this.#stay();
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  /** One round: join, share out when this member is the leader, take the share. */
  async #round(): Promise<void> {
    const { link, group, topic, rebalanceTimeoutMs } = this.#deps;
    this.#rejoin = false;
    const joined = await link.useCoordinator(
      group,
      "joining the group",
      rebalanceTimeoutMs + JOIN_MARGIN_MS,
      (coordinator) => this.#join(coordinator),
    );
    this.#synced = false;
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    this.#alive();
    const groupAssignment = joined.leaderId === joined.memberId ? this.#share(joined) : [];
    const { memberAssignment } = await link.useCoordinator(
      group,
      "taking a share",
      rebalanceTimeoutMs + JOIN_MARGIN_MS,
      (coordinator) =>
        coordinator.syncGroup({
          groupId: group,
          generationId: joined.generationId,
          memberId: joined.memberId,
          groupAssignment,
        }),
    );
    this.#alive();
    this.#synced = true;
    this.#deps.rebalanced();
    this.#sharedGeneration = joined.generationId;
    this.#deps.shared(decodeShare(topic, memberAssignment));
    this.#tellChange();
  }

  #join(coordinator: GroupBroker): Promise<JoinedGroup> {
    const { group, topic, sessionTimeoutMs, rebalanceTimeoutMs } = this.#deps;
    const claims = { ...this.#deps.claims(), generation: this.#sharedGeneration };
    return coordinator.joinGroup({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeClaims(topic, claims) }],
    });
  }

  #share(joined: JoinedGroup): { memberId: string; memberAssignment: Buffer }[] {
    const { topic, partitions } = this.#deps;
    const claims = joined.members.map(({ memberId, memberMetadata }) => decodeClaims(memberId, memberMetadata));
    return [...assignSticky(claims, partitions)].map(([memberId, share]) => ({
      memberId,
      memberAssignment: encodeShare(topic, share),
    }));
  }

  /** Sends heartbeats until the group changes, or the member wants it to, or it stops. */
  async #stay(): Promise<void> {
    const { link, group, heartbeatMs, sessionTimeoutMs } = this.#deps;
    while (!this.#stopping && !this.#rejoin) {
      await this.#pause(heartbeatMs);
      if (this.#stopping || this.#rejoin) return;
      const beat = { groupId: group, groupGenerationId: this.#generation, memberId: this.#memberId };
      try {
        await link.useCoordinator(group, "a heartbeat", sessionTimeoutMs / 3, (coordinator) =>
          coordinator.heartbeat(beat),
        );
        this.#alive();
      } catch (error) {
        if (isAboutMembership(error)) throw error;
        await this.#missed(error);
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    const type = protocolErrorOf(error);
    this.turnMs = performance.now();
    if (type !== undefined && FATAL.has(type)) throw refused(type, this.#deps.group, error);
    if (type === "REBALANCE_IN_PROGRESS") {
      this.#alive();
      this.#tellChange();
      return;
    }
    if (type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION" || type === "FENCED_INSTANCE_ID") {
      // The name is kept where only the generation was wrong, or a stranger of that name would linger in the group.
      this.#lose(type !== "ILLEGAL_GENERATION", error);
      return;
    }
    await this.#missed(error);
  }

  /** G4: all is lost, and the member is another one, or at least begins anew. */
  #lose(isUnknown: boolean, cause: unknown): void {
    this.#synced = false;
    if (isUnknown) this.#memberId = "";
    this.#generation = -1;
    this.#sharedGeneration = -1;
    // Heartbeats of the old name are pointless.
    this.#rejoin = true;
    this.#deps.expelled(new Failure("stale", "OWNERSHIP_LOST", "The group went on without this member.", { cause }));
    this.#tellChange();
  }

  #alive(): void {
    this.contactMs = performance.now();
    this.turnMs = this.contactMs;
    this.#misses = 0;
    if (this.#doubting !== undefined) this.#tellChange();
  }

  /** The coordinator is away, or elsewhere (G3). */
  async #missed(error: unknown): Promise<void> {
    this.turnMs = performance.now();
    const { group, log } = this.#deps;
    if (this.#misses++ % MISSES_LOGGED === 0) log.warn({ err: error, group }, "can't reach the group's coordinator");
    await this.#pause(BACKOFF_MS);
  }

  #tellChange(): void {
    for (const tell of this.#changes.splice(0)) tell();
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping || this.#rejoin) return new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5)));
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}

function isAboutMembership(error: unknown): boolean {
  const type = protocolErrorOf(error);
  if (type === undefined) return false;
  return (
    FATAL.has(type) ||
    ["REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"].includes(type)
  );
}

function refused(type: string, group: string, cause: unknown): Failure {
  const message =
    type === "INCONSISTENT_GROUP_PROTOCOL"
      ? `The group ${group} has members of another kind; stop them, or use another group.`
      : `Kafka does not let this member into the group ${group} (${type}).`;
  return new Failure("precondition", "BACKEND_UNAVAILABLE", message, { cause });
}
