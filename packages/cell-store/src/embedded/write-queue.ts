import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";

/** Work of one call: so many items, each written once, in one transaction or several. */
export type WriteJob = {
  readonly count: number;
  /** Bytes of an item. */
  bytes(index: number): number;
  /** Writes the items from `from` (inclusive) to `to` (exclusive) into the open transaction. */
  write(from: number, to: number): void;
};

type Pending = {
  readonly job: WriteJob;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Failure) => void;
  next: number;
};

const MAX_TRANSACTION_ITEMS = 2_048;
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

/**
 * Group commit: calls that wait at the same time share a transaction, hence a sync of the disk; a large call is split, so
 * that neither a transaction nor the time between two turns of the event loop grows with it.
 */
export class WriteQueue {
  readonly #db: DatabaseSync;
  readonly #onRollback: () => void;
  #pending: Pending[] = [];
  #draining: Promise<void> | undefined;

  constructor(db: DatabaseSync, onRollback: () => void) {
    this.#db = db;
    this.#onRollback = onRollback;
  }

  /** Resolves when every item is durable. An abort ends the wait; what is not in a transaction by then is left out. */
  add(job: WriteJob, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(cancelled(signal));
    if (job.count === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#pending.push({ job, signal, resolve, reject, next: 0 });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      // A turn of the loop: others get to run, and calls made meanwhile join the transaction.
      await setImmediate();
      this.#dropAborted();
      if (this.#pending.length > 0) this.#transaction();
    }
    this.#draining = undefined;
  }

  #transaction(): void {
    const touched: Pending[] = [];
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      this.#fill(touched);
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      const failure = sqliteFailure(error, "writing to the cell store");
      const failed = touched.length > 0 ? touched : this.#pending.slice();
      this.#pending = this.#pending.filter((pending) => !failed.includes(pending));
      for (const pending of failed) pending.reject(failure);
      return;
    }
    const done = touched.filter((pending) => pending.next >= pending.job.count);
    // Jobs are taken from the front, and only the last one touched can be unfinished.
    this.#pending.splice(0, done.length);
    for (const pending of done) pending.resolve();
  }

  #fill(touched: Pending[]): void {
    let items = 0;
    let bytes = 0;
    for (const pending of this.#pending) {
      if (items >= MAX_TRANSACTION_ITEMS || bytes >= MAX_TRANSACTION_BYTES) return;
      touched.push(pending);
      const from = pending.next;
      let to = from;
      while (to < pending.job.count && items < MAX_TRANSACTION_ITEMS && bytes < MAX_TRANSACTION_BYTES) {
        bytes += pending.job.bytes(to++);
        items++;
      }
      pending.job.write(from, to);
      pending.next = to;
    }
  }

  #rollback(): void {
    this.#onRollback();
    // SQLite has rolled back by itself after some errors; a second time is an error that says nothing new.
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
  }

  #dropAborted(): void {
    if (!this.#pending.some((pending) => pending.signal?.aborted)) return;
    const aborted = this.#pending.filter((pending) => pending.signal?.aborted);
    this.#pending = this.#pending.filter((pending) => !pending.signal?.aborted);
    for (const pending of aborted) pending.reject(cancelled(pending.signal));
  }
}

/** The Failure of a call whose signal was aborted. */
export function cancelled(signal: AbortSignal | undefined): Failure {
  return new Failure("cancelled", "CANCELLED", "the call was cancelled", { cause: signal?.reason });
}
