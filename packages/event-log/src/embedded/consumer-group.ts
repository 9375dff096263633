import type { GroupHandler, GroupMember } from "../event-log.ts";
import { DeliveryLoop, type LoopSource } from "./delivery-loop.ts";

/** A member and what it owns. */
type Member = {
  readonly handler: GroupHandler;
  readonly maxBatchBytes: number;
  readonly loops: Map<number, DeliveryLoop>;
};

/** What a group needs of the log. */
export type GroupSource = {
  readonly partitions: number;
  readonly committed: (partition: number) => number;
  readonly source: (partition: number, maxBatchBytes: number) => LoopSource;
};

/** Shares the partitions among the members of one group. Members change one after the other. */
export class ConsumerGroup {
  readonly #log: GroupSource;
  readonly #members: Member[] = [];
  #changes: Promise<void> = Promise.resolve();

  constructor(log: GroupSource) {
    this.#log = log;
  }

  /** Adds a member; resolves when its partitions are its own. */
  async join(handler: GroupHandler, maxBatchBytes: number): Promise<GroupMember> {
    const member: Member = { handler, maxBatchBytes, loops: new Map() };
    await this.#change(async () => {
      this.#members.push(member);
      await this.#rebalance();
    });
    let left: Promise<void> | undefined;
    const leave = () => {
      left ??= this.#change(async () => {
        const at = this.#members.indexOf(member);
        // Not there any more after the log was closed.
        if (at < 0) return;
        this.#members.splice(at, 1);
        await Promise.all([...member.loops.values()].map((loop) => loop.revoke()));
        await this.#rebalance();
      });
      return left;
    };
    return { leave };
  }

  /** Whether anyone reads for the group now. */
  get isRead(): boolean {
    return this.#members.length > 0;
  }

  /** There may be news in a partition. */
  wake(partition: number): void {
    for (const member of this.#members) member.loops.get(partition)?.wake();
  }

  /** Takes everything away from everyone, in good order. */
  async close(): Promise<void> {
    await this.#change(async () => {
      const loops = this.#members.splice(0).flatMap((member) => [...member.loops.values()]);
      await Promise.all(loops.map((loop) => loop.revoke()));
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(work);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  /** Gives every member its share, moving as few partitions as possible. */
  async #rebalance(): Promise<void> {
    if (this.#members.length === 0) return;
    const share = Math.floor(this.#log.partitions / this.#members.length);
    let larger = this.#log.partitions % this.#members.length;
    const surplus: Promise<void>[] = [];
    // Who has most may keep one more, so that fewer move.
    const byLoad = [...this.#members].sort((a, b) => b.loops.size - a.loops.size);
    const targets = new Map<Member, number>();
    for (const member of byLoad) {
      const target = larger-- > 0 ? share + 1 : share;
      targets.set(member, target);
      for (const [partition, loop] of [...member.loops].slice(target)) {
        member.loops.delete(partition);
        surplus.push(loop.revoke());
      }
    }
    await Promise.all(surplus);
    const owned = new Set(this.#members.flatMap((member) => [...member.loops.keys()]));
    const free = Array.from({ length: this.#log.partitions }, (_, partition) => partition).filter((p) => !owned.has(p));
    for (const [member, target] of targets) {
      const given = free.splice(0, Math.max(0, target - member.loops.size));
      await Promise.all(given.map((partition) => this.#assign(member, partition)));
    }
  }

  async #assign(member: Member, partition: number): Promise<void> {
    const failed = (error: unknown) => member.handler.failed(error, partition);
    const source = this.#log.source(partition, member.maxBatchBytes);
    const loop = new DeliveryLoop(partition, this.#log.committed(partition), source, failed);
    member.loops.set(partition, loop);
    try {
      loop.start(await member.handler.assigned(loop));
    } catch (error) {
      failed(error);
    }
  }
}
