import { setTimeout } from "node:timers/promises";
import { cancelled } from "@millrace/cassandra";
import { Failure } from "@millrace/failure";
import type { RecordChange } from "../record-store.ts";
import type { Attempt, RecordTable } from "./record-table.ts";
import { shardOf } from "./shard.ts";

const MAX_WAITING = 20_000;
const TRY_FOR_MS = 15_000;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

/** The part of the table that changes are made by. */
export type ChangedTable = Pick<RecordTable, "state" | "newAttempt" | "tryChange" | "wasMade">;

/**
 * Makes changes, those of one shard one after the other: they would only refuse each other. Against other processes each
 * is tried until it is made, or its record has another version than expected.
 */
export class ChangeQueue {
  readonly #table: ChangedTable;
  readonly #onChange: (shard: number, number: number) => void;
  readonly #tails = new Map<number, Promise<unknown>>();
  #waiting = 0;

  constructor(table: ChangedTable, onChange: (shard: number, number: number) => void) {
    this.#table = table;
    this.#onChange = onChange;
  }

  /** Makes a change and gives the record's new version. */
  async add(change: RecordChange, signal: AbortSignal | undefined): Promise<number> {
    if (this.#waiting >= MAX_WAITING) {
      throw new Failure("exhausted", "OVERLOADED", "too many changes of records are waiting; try again later");
    }
    this.#waiting++;
    const shard = shardOf(change.collection, change.id);
    const before = this.#tails.get(shard) ?? Promise.resolve();
    const made = before.then(() => this.#make(shard, change, signal));
    // Who asked for the change is told by `made`; who comes next only waits for its end.
    const tail = made.catch(() => {});
    this.#tails.set(shard, tail);
    try {
      return await made;
    } finally {
      this.#waiting--;
      if (this.#tails.get(shard) === tail) this.#tails.delete(shard);
    }
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  async #make(shard: number, change: RecordChange, signal: AbortSignal | undefined): Promise<number> {
    const { collection, id, expectedVersion } = change;
    const started = performance.now();
    const unclear = new UnclearAttempts(this.#table);
    let serial = false;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      if (signal?.aborted) throw cancelled(signal);
      const from = await this.#table.state(collection, id, serial, signal);
      let made: Attempt | undefined;
      if ((from.live ? from.version : 0) === expectedVersion) {
        const attempt = this.#table.newAttempt(change, from);
        if (await this.#isMade(attempt, unclear, signal)) made = attempt;
      } else {
        made = await unclear.findMade(signal);
        if (made === undefined) throw staleVersion(expectedVersion);
      }
      if (made !== undefined) {
        this.#onChange(shard, made.from.changes + 1);
        return made.from.version + 1;
      }
      if (performance.now() - started > TRY_FOR_MS) throw unclear.lastError ?? neverItsTurn();
      // What refused the attempt may be a transaction that only a serial read brings to its end.
      serial = true;
      await setTimeout(waitMs * Math.random());
    }
  }

  async #isMade(attempt: Attempt, unclear: UnclearAttempts, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return await this.#table.tryChange(attempt, signal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.kind === "unavailable" && error.reason !== "CLOSED") return false;
      if (error.kind !== "unknownOutcome") throw error;
      unclear.add(attempt, error);
      return (await unclear.findMade(signal)) !== undefined;
    }
  }
}

/**
 * Attempts at one change whose outcome was not told. One that was not made so far may still be: its request may lie in a
 * connection that is broken already, and be read after the question whether it was made. All expect the same version of the
 * record, so no two are ever made; and once the record has another version, those that were not made never will be.
 */
class UnclearAttempts {
  /** Why the last one is unclear. */
  lastError: Failure | undefined;
  readonly #table: ChangedTable;
  readonly #attempts: Attempt[] = [];

  constructor(table: ChangedTable) {
    this.#table = table;
  }

  add(attempt: Attempt, error: Failure): void {
    this.#attempts.push(attempt);
    this.lastError = error;
  }

  /** The one that was made by now. Fails with `unknownOutcome` when that can not be found out. */
  async findMade(signal: AbortSignal | undefined): Promise<Attempt | undefined> {
    try {
      for (const attempt of this.#attempts) if (await this.#table.wasMade(attempt, signal)) return attempt;
    } catch (error) {
      throw this.lastError ?? error;
    }
    return undefined;
  }
}

function neverItsTurn(): Failure {
  const message = "the record was not changed: others change records beside it all the time";
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", message);
}

function staleVersion(expected: number): Failure {
  const message =
    expected === 0
      ? "the record exists already"
      : `the record has another version than ${expected} by now; read it again`;
  return new Failure("stale", "ETAG_MISMATCH", message);
}
