import {
  awaitSchema,
  type CassandraOptions,
  type CassandraSession,
  checkCluster,
  connect,
  inParallel,
} from "@millrace/cassandra";
import type {
  BlockKey,
  BlockRange,
  BlockWrite,
  CallOptions,
  CellStore,
  StoredBlock,
  StoredState,
} from "../cell-store.ts";
import { checkBlocks, checkKey, checkRange, checkStates } from "../limits.ts";
import { BlockTable } from "./block-table.ts";
import { Directory } from "./directory.ts";
import { tierOf } from "./era.ts";
import { BlockScan } from "./scan.ts";
import { cellStoreSchema, TABLES } from "./schema.ts";

/** Where the cell store is. */
export type CassandraCellStoreOptions = CassandraOptions & {
  /** Told what is allowed and unsafe, and what the opening waits for, in sentences for people. */
  readonly onWarning?: (message: string) => void;
  /** Aborts the wait for the schema. */
  readonly signal?: AbortSignal;
  /** Says from when rows are kept. Default: the system's. */
  readonly clock?: { now(): number };
};

const STATES_AT_A_TIME = 64;

/**
 * Opens the cell store of a cluster. Waits for the tables that `migrateCassandraCellStore` makes. Fails with
 * `unavailable` where no node answers, and with `precondition` where the cluster is set up so that blocks could be lost or
 * go back.
 */
export async function openCassandraCellStore(options: CassandraCellStoreOptions): Promise<CellStore> {
  const session = await connect(options);
  try {
    const waiting = { ...(options.signal && { signal: options.signal }), onWaiting: options.onWarning ?? (() => {}) };
    await awaitSchema(session, cellStoreSchema, waiting);
    for (const warning of await checkCluster(session, options, TABLES)) options.onWarning?.(warning);
    return new CassandraCellStore(session, options.clock ?? Date);
  } catch (error) {
    await session.close();
    throw error;
  }
}

class CassandraCellStore implements CellStore {
  readonly #session: CassandraSession;
  readonly #blocks: BlockTable;
  readonly #directory: Directory;
  readonly #insertState: string;
  readonly #selectStates: string;

  constructor(session: CassandraSession, clock: { now(): number }) {
    this.#session = session;
    this.#blocks = new BlockTable(session, clock);
    this.#directory = new Directory(session, clock);
    const table = `${session.keyspace}.states`;
    this.#insertState = `INSERT INTO ${table} (kind, source, name, value) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`;
    this.#selectStates = `SELECT source, name, value, WRITETIME(value) AS wts FROM ${table} WHERE kind = ?`;
  }

  async writeBlocks(blocks: readonly BlockWrite[], options?: CallOptions): Promise<void> {
    this.#session.enter(options?.signal);
    checkBlocks(blocks);
    for (const { key } of blocks) tierOf(key.granularity);
    await this.#directory.add(blocks, options?.signal);
    await this.#blocks.write(blocks, options?.signal);
  }

  async writeStates(states: readonly StoredState[], options?: CallOptions): Promise<void> {
    this.#session.enter(options?.signal);
    checkStates(states);
    await inParallel(states, STATES_AT_A_TIME, ({ kind, source, name, value, wts }) => {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const statement = { query: this.#insertState, params: [kind, source, name, bytes, BigInt(wts)] };
      return this.#session.write("writing to the cell store", [statement], options?.signal);
    });
  }

  /** Rows expire by themselves: 0. A deletion would hide what is written later with an earlier write time. */
  async expire(_projectId: string, _granularity: string, _before: number, options?: CallOptions): Promise<number> {
    this.#session.enter(options?.signal);
    return 0;
  }

  async readBlocks(keys: readonly BlockKey[], options?: CallOptions): Promise<readonly (StoredBlock | undefined)[]> {
    this.#session.enter(options?.signal);
    for (const key of keys) checkKey(key);
    return await this.#blocks.readMany(keys, options?.signal);
  }

  async *scan(range: BlockRange, options?: CallOptions): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    this.#session.enter(options?.signal);
    checkRange(range);
    if (range.toBucket <= range.fromBucket || range.slots?.length === 0) return;
    for await (const portion of new BlockScan(this.#blocks, this.#directory, range, options?.signal).portions()) {
      yield portion;
      this.#session.enter(options?.signal);
    }
  }

  async readStates(kind: string, options?: CallOptions): Promise<readonly StoredState[]> {
    this.#session.enter(options?.signal);
    const rows = await this.#session.read(
      "reading the cell store",
      { query: this.#selectStates, params: [kind] },
      options?.signal,
    );
    return rows.map((row) => {
      const value = row.value as Buffer;
      return {
        kind,
        source: String(row.source),
        name: String(row.name),
        wts: Number(row.wts),
        value: new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
      };
    });
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#session.enter(options?.signal);
    const query = `SELECT name FROM ${this.#session.keyspace}.schema_state WHERE name = ?`;
    await this.#session.read("asking the cell store", { query, params: ["cell_store"] }, options?.signal);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
