import { awaitSchema, type CassandraOptions, type CassandraSession, checkCluster, connect } from "@millrace/cassandra";
import { Failure } from "@millrace/failure";
import { checkChange, checkName, checkPage } from "../limits.ts";
import type {
  CallOptions,
  RecordChange,
  RecordNotice,
  RecordPage,
  RecordStore,
  StoredRecord,
} from "../record-store.ts";
import { ChangeFeed } from "./change-feed.ts";
import { ChangeQueue } from "./change-queue.ts";
import { RecordTable } from "./record-table.ts";
import { recordStoreSchema, TABLE } from "./schema.ts";

/** Where the record store is. */
export type CassandraRecordStoreOptions = CassandraOptions & {
  /** Told what is allowed and unsafe, and what the opening waits for, in sentences for people. */
  readonly onWarning?: (message: string) => void;
  /** Aborts the wait for the schema. */
  readonly signal?: AbortSignal;
};

/**
 * Opens the record store of a cluster. Waits for the tables that `migrateCassandraRecordStore` makes. Fails with
 * `unavailable` where no node answers, and with `precondition` where the cluster cannot keep what is promised.
 */
export async function openCassandraRecordStore(options: CassandraRecordStoreOptions): Promise<RecordStore> {
  const session = await connect(options);
  try {
    const waiting = { ...(options.signal && { signal: options.signal }), onWaiting: options.onWarning ?? (() => {}) };
    await awaitSchema(session, recordStoreSchema, waiting);
    for (const warning of await checkCluster(session, options, [TABLE])) options.onWarning?.(warning);
    const table = new RecordTable(session);
    return new CassandraRecordStore(session, table, new ChangeFeed(table, await table.changes()));
  } catch (error) {
    await session.close();
    throw error;
  }
}

class CassandraRecordStore implements RecordStore {
  readonly #session: CassandraSession;
  readonly #table: RecordTable;
  readonly #feed: ChangeFeed;
  readonly #changes: ChangeQueue;
  #closing: Promise<void> | undefined;

  constructor(session: CassandraSession, table: RecordTable, feed: ChangeFeed) {
    this.#session = session;
    this.#table = table;
    this.#feed = feed;
    this.#changes = new ChangeQueue(table, (shard, number) => feed.made(shard, number));
  }

  async get(collection: string, id: string, options?: CallOptions): Promise<StoredRecord | undefined> {
    this.#enter(options?.signal);
    checkName(collection, id);
    return await this.#table.get(collection, id, options?.signal);
  }

  async list(collection: string, page: RecordPage, options?: CallOptions): Promise<readonly StoredRecord[]> {
    this.#enter(options?.signal);
    checkPage(collection, page);
    return await this.#table.list(collection, page, options?.signal);
  }

  async put(change: RecordChange, options?: CallOptions): Promise<number> {
    this.#enter(options?.signal);
    checkChange(change);
    return await this.#changes.add(change, options?.signal);
  }

  watch(options?: CallOptions): AsyncIterable<readonly RecordNotice[]> {
    this.#enter(undefined);
    // In force from here on, not from the first read: nothing that changes in between is missed.
    const queue = this.#feed.watch(options?.signal);
    return { [Symbol.asyncIterator]: () => queue };
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#enter(options?.signal);
    await this.#table.changes(options?.signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#feed.close();
    // Whoever changes a record learns what became of it.
    await this.#changes.idle();
    await this.#session.close();
  }

  #enter(signal: AbortSignal | undefined): void {
    if (this.#closing !== undefined) throw new Failure("unavailable", "CLOSED", "the record store is closed");
    this.#session.enter(signal);
  }
}
