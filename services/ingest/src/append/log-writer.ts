import type { EventAppender, SectionHeader } from "@millrace/event-log";
import type { EventBatch } from "./event-batch.ts";
import { type AppendListener, PartitionWriter } from "./partition-writer.ts";

/** How long what nobody waits for gathers: records of a busy stream get large, which makes each event cheaper. */
const GATHER_MS = 5;

/** Writes events into the log, packed by partition. */
export class LogWriter {
  readonly partitions: number;
  readonly #writers: readonly PartitionWriter[];
  readonly #touched = new Set<PartitionWriter>();
  #last: PartitionWriter | undefined;
  #isScheduled = false;
  #gathering: NodeJS.Timeout | undefined;

  constructor(log: EventAppender, appendTimeoutMs: number, listener: AppendListener) {
    this.partitions = log.partitions;
    this.#writers = Array.from(
      { length: log.partitions },
      (_, partition) => new PartitionWriter(log, partition, appendTimeoutMs, listener),
    );
  }

  /** Adds an event as {@link PartitionWriter.add} says. It goes out as `send` or `sendSoon` says, which is to follow. */
  add(
    partition: number,
    header: SectionHeader,
    batch: EventBatch,
    index: number,
    timeMs: number,
    claimTimeMs: number,
    late: boolean,
    assignedId: string,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const writer = this.#writers[partition]!;
    writer.add(header, batch, index, timeMs, claimTimeMs, late, assignedId, bytes, from, to);
    if (writer !== this.#last) {
      this.#touched.add(writer);
      this.#last = writer;
    }
  }

  /** Sends what was added after this turn of the event loop: what else arrives in it shares the records. */
  send(): void {
    if (this.#isScheduled || this.#touched.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Sends what was added within some milliseconds: for what nobody waits for. */
  sendSoon(): void {
    if (this.#isScheduled || this.#touched.size === 0) return;
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Resolves when everything that was added is settled. */
  async whenIdle(): Promise<void> {
    this.#flush();
    await Promise.all(this.#writers.map((writer) => writer.whenIdle()));
  }

  #flush(): void {
    this.#isScheduled = false;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    for (const writer of this.#touched) writer.flush();
    this.#touched.clear();
    this.#last = undefined;
  }
}
