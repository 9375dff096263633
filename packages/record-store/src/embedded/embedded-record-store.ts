import type { DatabaseSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import { checkChange, checkName, checkPage } from "../limits.ts";
import { NoticeQueue } from "../notice-queue.ts";
import type {
  CallOptions,
  RecordChange,
  RecordNotice,
  RecordPage,
  RecordStore,
  StoredRecord,
} from "../record-store.ts";
import { openDatabase } from "./database.ts";
import { cancelled, PutQueue } from "./put-queue.ts";
import { RecordTable } from "./record-table.ts";

/** Where an embedded record store lies. */
export type EmbeddedRecordStoreOptions = {
  /** A folder, made where there is none; the store is its file `records.db`. Or ":memory:", gone at close. */
  readonly directory: string;
};

/**
 * Opens the record store of one process: a SQLite file, durable at commit. Fails with `unavailable` where another
 * process has it open or the folder cannot be used, and with `corrupt` where the file is damaged.
 */
export async function openEmbeddedRecordStore(options: EmbeddedRecordStoreOptions): Promise<RecordStore> {
  const db = openDatabase(options.directory);
  try {
    return new EmbeddedRecordStore(db);
  } catch (error) {
    db.close();
    throw sqliteFailure(error, "opening the record store");
  }
}

class EmbeddedRecordStore implements RecordStore {
  readonly #db: DatabaseSync;
  readonly #table: RecordTable;
  readonly #puts: PutQueue;
  readonly #watchers = new Set<NoticeQueue>();
  #closing: Promise<void> | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#table = new RecordTable(db);
    this.#puts = new PutQueue(db, this.#table, (notice) => this.#tell(notice));
  }

  async get(collection: string, id: string, options?: CallOptions): Promise<StoredRecord | undefined> {
    this.#enter(options);
    checkName(collection, id);
    return this.#read(() => this.#table.get(collection, id));
  }

  async list(collection: string, page: RecordPage, options?: CallOptions): Promise<readonly StoredRecord[]> {
    this.#enter(options);
    checkPage(collection, page);
    return this.#read(() => this.#table.list(collection, page));
  }

  async put(change: RecordChange, options?: CallOptions): Promise<number> {
    this.#enter(options);
    checkChange(change);
    return await this.#puts.add(change, options?.signal);
  }

  watch(options?: CallOptions): AsyncIterable<readonly RecordNotice[]> {
    this.#enter(undefined);
    const signal = options?.signal;
    const end = () => queue.end();
    const queue = new NoticeQueue(() => {
      this.#watchers.delete(queue);
      signal?.removeEventListener("abort", end);
    });
    this.#watchers.add(queue);
    // In force from here on, not from the first read: nothing that changes in between is missed.
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
    return { [Symbol.asyncIterator]: () => queue };
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
    await this.#puts.idle();
    for (const watcher of [...this.#watchers]) watcher.end();
    this.#db.close();
  }

  #tell(notice: RecordNotice): void {
    for (const watcher of this.#watchers) watcher.push(notice);
  }

  #enter(options: CallOptions | undefined): void {
    if (this.#closing !== undefined) throw new Failure("unavailable", "CLOSED", "the record store is closed");
    if (options?.signal?.aborted) throw cancelled(options.signal);
  }

  #read<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw sqliteFailure(error, "reading the record store");
    }
  }
}
