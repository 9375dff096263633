import type { EventAppender, EventConsumer, GroupHandler, GroupMember, LogRecord } from "@millrace/event-log";
import { Failure } from "@millrace/failure";

/** What became of one append. */
type Outcome = { readonly acknowledged: number } | { readonly kind: string };

const PAUSE_MS = 20;
const IN_FLIGHT = 2;

/** Appends values of its own to every partition until it is stopped, never one of them twice, and knows what became of each. */
export class Appends {
  /** What became of each value, by value. */
  readonly outcomes = new Map<string, Outcome>();
  readonly #log: EventAppender;
  readonly #loops: Promise<unknown>;
  #isOver = false;

  constructor(log: EventAppender) {
    this.#log = log;
    const partitions = Array.from({ length: log.partitions * IN_FLIGHT }, (_, i) => i % log.partitions);
    this.#loops = Promise.all(partitions.map((partition, i) => this.#appendTo(partition, i)));
  }

  /** How many appends had an outcome: acknowledged ones, or those that failed with a kind; in a partition, or in all. */
  count(kind: string, partition?: number): number {
    const prefix = partition === undefined ? "" : `${partition}:`;
    let count = 0;
    for (const [value, outcome] of this.outcomes) {
      if (value.startsWith(prefix) && kindOf(outcome) === kind) count++;
    }
    return count;
  }

  /** Appends no more. Resolves when what was under way has its outcome. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#loops;
  }

  async #appendTo(partition: number, loop: number): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const value = `${partition}:${loop}:${n}`;
      try {
        const { offset } = await this.#log.append(partition, Buffer.from(value));
        this.outcomes.set(value, { acknowledged: offset });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.outcomes.set(value, { kind: error.kind });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A member of a group that keeps what it was handed, and commits after each batch. */
export class Reading {
  /** The values that were handed over, by partition and offset. */
  readonly values = new Map<number, Map<number, string>>();
  /** Offsets that were handed over more than once, after an ownership was lost. */
  repeated = 0;
  readonly failures: unknown[] = [];
  readonly #members: GroupMember[] = [];

  /** One more member joins. */
  async join(log: EventConsumer, group: string): Promise<void> {
    const handler: GroupHandler = {
      assigned: (owned) => ({
        records: async (records) => {
          this.#keep(owned.partition, records);
          const last = records.at(-1);
          // A commit that was refused is the next owner's to make.
          if (last !== undefined) await owned.commit(last.offset + 1).catch(() => {});
        },
        idle: () => {},
        revoke: async () => {},
      }),
      failed: (error) => this.failures.push(error),
    };
    this.#members.push(await log.join(group, handler));
  }

  async leave(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
  }

  get count(): number {
    return [...this.values.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #keep(partition: number, records: readonly LogRecord[]): void {
    const values = this.values.get(partition) ?? new Map<number, string>();
    this.values.set(partition, values);
    for (const { offset, value } of records) {
      if (values.has(offset)) this.repeated++;
      values.set(offset, Buffer.from(value).toString());
    }
  }
}

/** How a log differs from what its appender was told; everything empty when it does not. */
export type LogDifference = {
  /** Acknowledged, and not at the offset that was told. */
  readonly lost: readonly string[];
  /** In the log more than once. */
  readonly doubled: readonly string[];
  /** Failed with a kind that says that it can not be there, and there. */
  readonly denied: readonly string[];
};

/** Compares a log, read from its beginning, with what became of each append. */
export async function compareLog(log: EventConsumer & EventAppender, appends: Appends): Promise<LogDifference> {
  const offsets = new Map<string, number[]>();
  for (let partition = 0; partition < log.partitions; partition++) {
    const { first } = await log.bounds(partition);
    for await (const records of log.read(partition, first)) {
      for (const { offset, value } of records) {
        const text = Buffer.from(value).toString();
        offsets.set(text, [...(offsets.get(text) ?? []), offset]);
      }
    }
  }
  const lost: string[] = [];
  const denied: string[] = [];
  for (const [value, outcome] of appends.outcomes) {
    const found = offsets.get(value) ?? [];
    if ("acknowledged" in outcome && !found.includes(outcome.acknowledged)) lost.push(value);
    if ("kind" in outcome && outcome.kind !== "unknownOutcome" && found.length > 0) denied.push(value);
  }
  const doubled = [...offsets].filter(([, places]) => places.length > 1).map(([value]) => value);
  return { lost, doubled, denied };
}

function kindOf(outcome: Outcome): string {
  return "acknowledged" in outcome ? "acknowledged" : outcome.kind;
}
