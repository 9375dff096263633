import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import type { AppendResult } from "../event-log.ts";
import { RecentTraces } from "./recent-traces.ts";
import type { RecordTable } from "./record-table.ts";

/** Values that wait to be written, at most. */
const MAX_QUEUED_BYTES = 64 << 20;
/** Values of one transaction: it holds up the event loop, so its time is bounded. */
const MAX_TRANSACTION_BYTES = 8 << 20;
const OVERLOAD_RETRY_MS = 200;

/** A write that waits for its transaction. */
type Entry = {
  readonly bytes: number;
  /** Writes; what it throws refuses this entry alone. */
  readonly write: () => void;
  readonly done: () => void;
  readonly failed: (error: Failure) => void;
};

/**
 * Group commit: the writes of one turn of the event loop, of all partitions, share a transaction and its sync to disk.
 * Their order is the order of the calls.
 */
export class CommitQueue {
  /** The traces of what was appended lately. */
  readonly traces = new RecentTraces();
  readonly #table: RecordTable;
  readonly #clock: () => number;
  readonly #appended: (partition: number) => void;
  #queue: Entry[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #closed = false;

  /** @param appended called for every partition that got records, after they are durable */
  constructor(table: RecordTable, clock: () => number, appended: (partition: number) => void) {
    this.#table = table;
    this.#clock = clock;
    this.#appended = appended;
  }

  /** Appends a record; resolves when it is durable. */
  append(partition: number, value: Uint8Array, traceparent?: string): Promise<AppendResult> {
    if (this.#queuedBytes + value.length > MAX_QUEUED_BYTES) {
      const message = `More than ${MAX_QUEUED_BYTES} bytes wait to be written to the event log.`;
      throw new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: OVERLOAD_RETRY_MS });
    }
    return new Promise((resolve, reject) => {
      let offset = 0;
      let appendTimeMs = 0;
      this.#add({
        bytes: value.length,
        write: () => {
          // Stamped as it is written, not as it is queued: a consumer that was told "idle at t" must see no older record.
          appendTimeMs = this.#clock();
          offset = this.#table.append(partition, appendTimeMs, value);
          if (traceparent !== undefined) this.traces.note(partition, offset, traceparent);
        },
        done: () => {
          resolve({ offset, appendTimeMs });
          this.#appended(partition);
        },
        failed: reject,
      });
    });
  }

  /** Runs `write` within the next transaction; resolves when it is durable. What it throws is its own failure alone. */
  write(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ bytes: 0, write, done: resolve, failed: reject }));
  }

  /** Writes what is queued and refuses what comes later. */
  close(): void {
    while (this.#queue.length > 0) this.#commit();
    this.#closed = true;
  }

  #add(entry: Entry): void {
    if (this.#closed) {
      entry.failed(new Failure("unavailable", "CLOSED", "The event log is closed."));
      return;
    }
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#commit();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(): void {
    const entries = this.#take();
    const refused = new Map<Entry, Failure>();
    try {
      this.#table.transaction(() => {
        for (const entry of entries) {
          try {
            entry.write();
          } catch (error) {
            // Only a check refuses an entry alone; what the database throws fails the whole transaction.
            if (!(error instanceof Failure)) throw error;
            refused.set(entry, error);
          }
        }
      });
    } catch (error) {
      const failure = sqliteFailure(error, "writing to the event log", "unknownOutcome");
      for (const entry of entries) entry.failed(failure);
      return;
    }
    for (const entry of entries) {
      const failure = refused.get(entry);
      if (failure === undefined) entry.done();
      else entry.failed(failure);
    }
  }

  #take(): Entry[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && (count === 0 || bytes + this.#queue[count]!.bytes <= MAX_TRANSACTION_BYTES)) {
      bytes += this.#queue[count++]!.bytes;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }
}
