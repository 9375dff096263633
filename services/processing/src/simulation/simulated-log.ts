import type { EventConsumer, GroupHandler, LogRecord, OwnedPartition, PartitionHandler } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { FaultySide } from "./faults.ts";
import type { Actor } from "./world.ts";

/** How long a member may be silent before its partitions go to others, in milliseconds. */
const SESSION_MS = 1_500;

/** What the log hands to an actor, where that is not what was appended. */
export type Delivered = (record: LogRecord, actor: Actor) => LogRecord;

type Member = { readonly actor: Actor; readonly handler: GroupHandler; hasLeft: boolean };

/**
 * A log with one group of readers. Its partitions move, in good order or not; who lost one may go on for a while with what
 * it was handed, and commit; commits may come late, and take the committed offset back.
 */
export class SimulatedLog extends FaultySide {
  readonly partitions: readonly LogRecord[][];
  readonly committed: number[];
  /** The highest offset of each partition that was ever committed. */
  readonly #reached: number[];
  readonly delivered: Delivered;
  /** What actors reported as their end. */
  readonly failures: unknown[] = [];
  readonly #members: Member[] = [];
  readonly #owners: (Delivery | undefined)[];
  readonly #epochMs: number;
  #clockOffsetMs = 0;

  constructor(side: FaultySide, partitions: number, epochMs: number, delivered: Delivered = (record) => record) {
    super(side.world, side.faults);
    this.partitions = Array.from({ length: partitions }, () => []);
    this.committed = this.partitions.map(() => 0);
    this.#reached = [...this.committed];
    this.#owners = this.partitions.map(() => undefined);
    this.#epochMs = epochMs;
    this.delivered = delivered;
  }

  /** The broker's clock. */
  now(): number {
    return this.#epochMs + Math.floor(this.world.nowMs) + this.#clockOffsetMs;
  }

  /** Moves the broker's clock. */
  stepClock(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  append(partition: number, value: Uint8Array): LogRecord {
    const records = this.partitions[partition]!;
    const record = { offset: records.length, appendTimeMs: this.now(), value };
    records.push(record);
    return record;
  }

  /** Whether all was committed; a commit that comes late may have taken that back. */
  get isCommitted(): boolean {
    return this.partitions.every((records, partition) => this.#reached[partition] === records.length);
  }

  commit(partition: number, offset: number): void {
    this.committed[partition] = offset;
    this.#reached[partition] = Math.max(this.#reached[partition]!, offset);
  }

  /** The log as an actor sees it. */
  for(actor: Actor): EventConsumer & { readonly generation: number; readonly partitions: number } {
    return {
      generation: 1,
      partitions: this.partitions.length,
      join: async (_group, handler) => {
        const member = { actor, handler, hasLeft: false };
        this.#members.push(member);
        this.world.after(this.world.latencyMs(), undefined, "joined", () => this.rebalance(0.5));
        return { leave: () => this.#leave(member) };
      },
      committed: async (_group, partition) => this.committed[partition]!,
      bounds: async (partition) => {
        await this.world.pause(this.world.latencyMs(), actor, "bounds");
        return { first: 0, end: this.partitions[partition]!.length };
      },
      read: (partition, from) => this.#read(actor, partition, from),
    };
  }

  async *#read(actor: Actor, partition: number, from: number) {
    await this.world.pause(this.world.latencyMs(), actor, "read log");
    yield this.partitions[partition]!.slice(from);
  }

  /** Looks for partitions without an owner that lives, and hands some of the others over. */
  rebalance(moved: number): void {
    const { world } = this;
    const members = this.#members.filter((member) => !member.hasLeft && this.#isHeard(member.actor));
    if (members.length === 0) return;
    for (const [partition, owner] of this.#owners.entries()) {
      const isOwned = owner !== undefined && !owner.isDone && members.includes(owner.member);
      if (isOwned && !world.chance(moved)) continue;
      const next = members[world.upTo(members.length)]!;
      if (isOwned && next === owner.member) continue;
      // Some are asked, and given time; others find out late, or never, that they were replaced.
      const manner = world.random();
      if (owner !== undefined && !owner.isDone && manner < 0.6) {
        owner.stop();
        this.world.after(world.random() * 1_500, undefined, "reassign", () => this.#assign(partition, next, owner));
      } else {
        if (owner !== undefined && manner < 0.85) owner.loseLater(world.random() * 4_000);
        this.#assign(partition, next, owner);
      }
    }
  }

  /** Whether a commit of this delivery is taken: brokers do not refuse that of every zombie. */
  accepts(delivery: Delivery): boolean {
    return this.#owners[delivery.partition] === delivery || this.world.chance(0.7);
  }

  #isHeard(actor: Actor): boolean {
    return actor.alive && actor.frozenUntilMs < this.world.nowMs + SESSION_MS;
  }

  #assign(partition: number, member: Member, from: Delivery | undefined): void {
    if (this.#owners[partition] !== from) return;
    if (!member.actor.alive || member.hasLeft) {
      this.#owners[partition] = undefined;
      return;
    }
    const delivery = new Delivery(this, partition, member);
    this.#owners[partition] = delivery;
    this.world.after(this.world.latencyMs(), member.actor, "assigned", () => void delivery.run());
  }

  async #leave(member: Member): Promise<void> {
    member.hasLeft = true;
    const own = this.#owners.filter((owner) => owner?.member === member);
    for (const owner of own) owner?.stop();
    await Promise.all(own.map((owner) => owner?.ended));
    this.world.after(this.world.latencyMs(), undefined, "left", () => this.rebalance(0.2));
  }
}

/** Hands the records of a partition to a member, for as long as it takes itself for the owner. */
class Delivery implements OwnedPartition {
  readonly partition: number;
  readonly member: Member;
  readonly startOffset: number;
  readonly ended: Promise<void>;
  isDone = false;
  readonly #log: SimulatedLog;
  readonly #lost = new AbortController();
  readonly #end: () => void;
  #isStopping = false;

  constructor(log: SimulatedLog, partition: number, member: Member) {
    this.#log = log;
    this.partition = partition;
    this.member = member;
    this.startOffset = log.committed[partition]!;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  endOffset(): number {
    return this.#log.partitions[this.partition]!.length;
  }

  /** Takes the partition away in good order. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Lets the member find out that the partition is another's. */
  loseLater(ms: number): void {
    this.#log.world.after(ms, this.member.actor, "lost", () => this.#lose());
  }

  async commit(offset: number): Promise<void> {
    const log = this.#log;
    const { world } = log;
    const { actor } = this.member;
    if (this.lost.aborted) throw new Failure("stale", "OWNERSHIP_LOST", "the partition is another's");
    const fate = log.fate();
    const commit = () => log.commit(this.partition, offset);
    if (fate === "unanswered" && world.chance(0.7)) world.after(world.random() * 3_000, undefined, "commit", commit);
    if (fate !== "answered") return log.fail(fate, actor, "commit");
    await world.pause(world.latencyMs(), actor, "commit");
    if (!log.accepts(this)) throw new Failure("stale", "OWNERSHIP_LOST", "the partition is another's");
    commit();
    await world.pause(world.latencyMs(), actor, "committed");
  }

  async run(): Promise<void> {
    let handler: PartitionHandler | undefined;
    try {
      handler = await this.member.handler.assigned(this);
      await this.#deliver(handler);
      if (!this.lost.aborted) await handler.revoke();
    } catch (error) {
      this.member.handler.failed(error, this.partition);
    }
    this.#lose();
    this.#end();
  }

  async #deliver(handler: PartitionHandler): Promise<void> {
    const { world } = this.#log;
    const { actor } = this.member;
    let next = this.startOffset;
    while (!this.#isStopping && !this.lost.aborted) {
      const records = this.#log.partitions[this.partition]!.slice(next, next + 1 + world.upTo(4));
      const nowMs = this.#log.now();
      await world.pause(world.latencyMs(), actor, "fetch");
      if (this.#isStopping || this.lost.aborted) return;
      const last = records.at(-1);
      if (last === undefined) {
        handler.idle(nowMs);
        await world.pause(100 + world.random() * 400, actor, "poll");
      } else {
        await handler.records(records.map((record) => this.#log.delivered(record, actor)));
        next = last.offset + 1;
      }
    }
  }

  #lose(): void {
    this.isDone = true;
    this.#lost.abort(new Failure("stale", "OWNERSHIP_LOST", "the partition is another's"));
  }
}
