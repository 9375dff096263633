import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import type { BlockKey, BlockRange, CallOptions, CellStore, StoredBlock, StoredState } from "../cell-store.ts";
import { checkBlocks, checkKey, checkRange, checkStates } from "../limits.ts";
import { BlockTable } from "./block-table.ts";
import { openDatabase } from "./database.ts";
import { SeriesIds } from "./series-ids.ts";
import { StateTable } from "./state-table.ts";
import { cancelled, WriteQueue } from "./write-queue.ts";

/** Where an embedded cell store lies. */
export type EmbeddedCellStoreOptions = {
  /** A folder, made where there is none; the store is its file `cells.db`. Or ":memory:", gone at close. */
  readonly directory: string;
};

const MAX_READS_PER_TURN = 512;
const MAX_EXPIRED_PER_CALL = 4_096;

/**
 * Opens the cell store of one process: a SQLite file, durable at commit. Fails with `unavailable` where another process
 * has it open or the folder cannot be used, and with `corrupt` where the file is damaged.
 */
export async function openEmbeddedCellStore(options: EmbeddedCellStoreOptions): Promise<CellStore> {
  const db = openDatabase(options.directory);
  try {
    return new EmbeddedCellStore(db);
  } catch (error) {
    db.close();
    throw sqliteFailure(error, "opening the cell store");
  }
}

class EmbeddedCellStore implements CellStore {
  readonly #db: DatabaseSync;
  readonly #ids: SeriesIds;
  readonly #blocks: BlockTable;
  readonly #states: StateTable;
  readonly #writes: WriteQueue;
  #closing: Promise<void> | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#ids = new SeriesIds(db);
    this.#blocks = new BlockTable(db, this.#ids);
    this.#states = new StateTable(db);
    this.#writes = new WriteQueue(db, () => this.#ids.forget());
  }

  async writeBlocks(blocks: readonly StoredBlock[], options?: CallOptions): Promise<void> {
    this.#enter(options);
    checkBlocks(blocks);
    const job = {
      count: blocks.length,
      bytes: (index: number) => blocks[index]?.blob.byteLength ?? 0,
      write: (from: number, to: number) => this.#blocks.write(blocks.slice(from, to)),
    };
    await this.#writes.add(job, options?.signal);
  }

  async writeStates(states: readonly StoredState[], options?: CallOptions): Promise<void> {
    this.#enter(options);
    checkStates(states);
    const job = {
      count: states.length,
      bytes: (index: number) => states[index]?.value.byteLength ?? 0,
      write: (from: number, to: number) => this.#states.write(states.slice(from, to)),
    };
    await this.#writes.add(job, options?.signal);
  }

  async expire(projectId: string, granularity: string, beforeBucket: number, options?: CallOptions): Promise<number> {
    this.#enter(options);
    let gone = 0;
    const write = () => {
      for (const series of this.#ids.seriesOf(projectId, granularity)) {
        if (series.floor >= beforeBucket) continue;
        gone += this.#blocks.expire(series, beforeBucket, MAX_EXPIRED_PER_CALL - gone);
        if (gone >= MAX_EXPIRED_PER_CALL) return;
      }
    };
    await this.#writes.add({ count: 1, bytes: () => 0, write }, options?.signal);
    return gone;
  }

  async readBlocks(keys: readonly BlockKey[], options?: CallOptions): Promise<readonly (StoredBlock | undefined)[]> {
    for (const key of keys) checkKey(key);
    const found: (StoredBlock | undefined)[] = [];
    for (let from = 0; from < keys.length || from === 0; from += MAX_READS_PER_TURN) {
      if (from > 0) await setImmediate();
      this.#enter(options);
      const portion = keys.slice(from, from + MAX_READS_PER_TURN);
      found.push(...this.#read(() => portion.map((key) => this.#blocks.read(key))));
    }
    return found;
  }

  async *scan(range: BlockRange, options?: CallOptions): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    this.#enter(options);
    checkRange(range);
    if (range.toBucket <= range.fromBucket) return;
    const series = this.#read(() => this.#ids.findSeries(range));
    if (series === undefined) return;
    // Each portion is a query of its own that goes on behind the last block: nothing is held between two of them.
    const cursor = this.#blocks.begin(series, range);
    for (;;) {
      const { blocks, done } = this.#read(() => this.#blocks.portion(series, range, cursor));
      if (blocks.length > 0) yield blocks;
      if (done) return;
      await setImmediate();
      this.#enter(options);
    }
  }

  async readStates(kind: string, options?: CallOptions): Promise<readonly StoredState[]> {
    this.#enter(options);
    return this.#read(() => this.#states.read(kind));
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#enter(options);
    this.#read(() => this.#db.prepare("SELECT 1").get());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writes.idle();
    this.#db.close();
  }

  #enter(options: CallOptions | undefined): void {
    if (this.#closing !== undefined) throw new Failure("unavailable", "CLOSED", "the cell store is closed");
    if (options?.signal?.aborted) throw cancelled(options.signal);
  }

  #read<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw sqliteFailure(error, "reading the cell store");
    }
  }
}
