import type { EventAppender, SectionHeader } from "@millrace/event-log";
import type { EventBatch } from "./event-batch.ts";
import { type AppendListener, PartitionWriter } from "./partition-writer.ts";

/** Writes events into the log, packed by partition. */
export class LogWriter {
  readonly partitions: number;
  readonly #writers: readonly PartitionWriter[];
  readonly #touched = new Set<PartitionWriter>();
  #last: PartitionWriter | undefined;
  #isScheduled = false;

  constructor(log: EventAppender, appendTimeoutMs: number, listener: AppendListener) {
    this.partitions = log.partitions;
    this.#writers = Array.from(
      { length: log.partitions },
      (_, partition) => new PartitionWriter(log, partition, appendTimeoutMs, listener),
    );
  }

  /** Adds an event as {@link PartitionWriter.add} says. It goes out after this turn of the event loop. */
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
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // What else arrives in this turn shares the record.
    setImmediate(() => this.#flush());
  }

  /** Resolves when everything that was added is settled. */
  async whenIdle(): Promise<void> {
    this.#flush();
    await Promise.all(this.#writers.map((writer) => writer.whenIdle()));
  }

  #flush(): void {
    this.#isScheduled = false;
    for (const writer of this.#touched) writer.flush();
    this.#touched.clear();
    this.#last = undefined;
  }
}
