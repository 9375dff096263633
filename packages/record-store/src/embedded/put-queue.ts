import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import type { RecordChange, RecordNotice } from "../record-store.ts";
import type { RecordTable } from "./record-table.ts";

type Pending = {
  readonly change: RecordChange;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (version: number) => void;
  readonly reject: (error: Failure) => void;
};

const MAX_TRANSACTION_CHANGES = 256;
const MAX_WAITING_CHANGES = 10_000;

/** Group commit: changes that wait at the same time share a transaction, hence a sync of the disk. */
export class PutQueue {
  readonly #db: DatabaseSync;
  readonly #table: RecordTable;
  readonly #onChanged: (notice: RecordNotice) => void;
  #pending: Pending[] = [];
  #draining: Promise<void> | undefined;

  constructor(db: DatabaseSync, table: RecordTable, onChanged: (notice: RecordNotice) => void) {
    this.#db = db;
    this.#table = table;
    this.#onChanged = onChanged;
  }

  /** Gives the new version once it is durable. A change whose signal aborts before its transaction is left out. */
  add(change: RecordChange, signal: AbortSignal | undefined): Promise<number> {
    if (this.#pending.length >= MAX_WAITING_CHANGES) {
      throw new Failure("exhausted", "OVERLOADED", "too many changes wait to be stored", { retryAfterMs: 1_000 });
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ change, signal, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      // A turn of the loop: calls made meanwhile join the transaction.
      await setImmediate();
      const batch: Pending[] = [];
      for (const pending of this.#pending.splice(0, MAX_TRANSACTION_CHANGES)) {
        if (pending.signal?.aborted) pending.reject(cancelled(pending.signal));
        else batch.push(pending);
      }
      if (batch.length > 0) this.#transaction(batch);
    }
    this.#draining = undefined;
  }

  #transaction(batch: readonly Pending[]): void {
    let committing = false;
    let outcomes: (number | Failure)[];
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      outcomes = batch.map(({ change }) => this.#table.put(change));
      committing = true;
      this.#db.exec("COMMIT");
    } catch (error) {
      // SQLite has rolled back by itself after some errors; a second time is an error that says nothing new.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      const failure = sqliteFailure(error, "writing to the record store");
      for (const { reject } of batch) reject(committing ? unknownOutcome(failure) : failure);
      return;
    }
    if (batch.some(({ change }) => change.value === undefined)) this.#clearJournal();
    batch.forEach((pending, index) => {
      const outcome = outcomes[index];
      if (typeof outcome === "number") {
        const { collection, id } = pending.change;
        this.#onChanged({ collection, id, version: outcome });
        pending.resolve(outcome);
      } else if (outcome !== undefined) {
        pending.reject(outcome);
      }
    });
  }

  /** The write-ahead log still holds what was deleted. Should it fail, the next checkpoint does it. */
  #clearJournal(): void {
    try {
      this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // The change is durable, and that is what was asked for.
    }
  }
}

/** The Failure of a call whose signal was aborted. */
export function cancelled(signal: AbortSignal | undefined): Failure {
  return new Failure("cancelled", "CANCELLED", "the call was cancelled", { cause: signal?.reason });
}

/** A commit that fails may still be found in the write-ahead log at the next opening. */
function unknownOutcome(failure: Failure): Failure {
  const message = `${failure.message}; the change may have been made`;
  return new Failure("unknownOutcome", "BACKEND_UNAVAILABLE", message, { cause: failure.cause });
}
