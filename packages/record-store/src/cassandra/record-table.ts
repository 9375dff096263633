import { randomUUID } from "node:crypto";
import { type CassandraSession, type CqlRow, inParallel } from "@millrace/cassandra";
import type { RecordChange, RecordNotice, RecordPage, StoredRecord } from "../record-store.ts";
import { TABLE } from "./schema.ts";
import { ALL_SHARDS, SHARDS, shardOf } from "./shard.ts";

/** The state of a record that a change is made from. */
export type RecordState = {
  readonly version: number;
  readonly live: boolean;
  /** How many changes its shard has had. */
  readonly changes: number;
};

/** A change that was tried: what tells whether it was made. */
export type Attempt = { readonly name: string; readonly change: RecordChange; readonly from: RecordState };

/** A change as the shard tells of it. */
export type NumberedNotice = RecordNotice & { readonly number: number; readonly writtenMicros: number };

const READING = "reading the record store";
const WRITING = "writing to the record store";
/** Notices stay this long: a watcher that could not read for longer begins anew. */
const NOTICE_SECONDS = 3_600;
const NOTICES_PER_READ = 1_000;
const NOTICE_DIGITS = 16;
const READS_AT_A_TIME = 64;
const LEAST_FETCHED = 16;

/** The statements over the table of records. */
export class RecordTable {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspace}.${TABLE}`;
  }

  async get(collection: string, id: string, signal?: AbortSignal): Promise<StoredRecord | undefined> {
    const query = `SELECT version, value FROM ${this.#table} WHERE shard = ? AND collection = ? AND id = ?`;
    const params = [shardOf(collection, id), collection, id];
    const [row] = await this.#session.read(READING, { query, params }, signal);
    const value = row?.value;
    if (row === undefined || !(value instanceof Buffer)) return undefined;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { collection, id, version: Number(row.version), value: bytes };
  }

  /** The records of a page. It may be shorter than its limit only where the collection ends. */
  async list(collection: string, page: RecordPage, signal?: AbortSignal): Promise<StoredRecord[]> {
    const listed: StoredRecord[] = [];
    let afterId = page.afterId;
    while (listed.length < page.limit) {
      const limit = page.limit - listed.length;
      const ids = await this.#ids(collection, { ...page, limit, ...(afterId !== undefined && { afterId }) }, signal);
      const found = new Array<StoredRecord | undefined>(ids.length);
      await inParallel(ids, READS_AT_A_TIME, async (id, index) => {
        found[index] = await this.get(collection, id, signal);
      });
      for (const record of found) if (record !== undefined) listed.push(record);
      if (ids.length < limit) break;
      afterId = ids.at(-1);
    }
    return listed;
  }

  /** The state that a change has to begin from. Serial: after every transaction that was under way. */
  async state(collection: string, id: string, serial: boolean, signal?: AbortSignal): Promise<RecordState> {
    const shard = shardOf(collection, id);
    const [record, changes] = await Promise.all([
      this.#one("version, live", [shard, collection, id], serial, signal),
      this.#changes(shard, serial, signal),
    ]);
    return { version: Number(record?.version ?? 0), live: record?.live === true, changes };
  }

  /**
   * Makes a change where its record and its shard are as they were: one transaction, of the record, of the number of
   * changes and of the notice.
   */
  async tryChange({ name, change, from }: Attempt, signal?: AbortSignal): Promise<boolean> {
    const { collection, id, value } = change;
    const shard = shardOf(collection, id);
    const was = (count: number) => (count === 0 ? null : BigInt(count));
    const bytes = value === undefined ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const version = BigInt(from.version + 1);
    const number = from.changes + 1;
    const notice = `INSERT INTO ${this.#table} (shard, collection, id, version, attempt, of_collection, of_id) VALUES (?, '', ?, ?, ?, ?, ?) USING TTL ${NOTICE_SECONDS}`;
    const statements = [
      {
        query: `UPDATE ${this.#table} SET changes = ? WHERE shard = ? IF changes = ?`,
        params: [BigInt(number), shard, was(from.changes)],
      },
      {
        query: `UPDATE ${this.#table} SET version = ?, live = ?, value = ? WHERE shard = ? AND collection = ? AND id = ? IF version = ?`,
        params: [version, value !== undefined, bytes, shard, collection, id, was(from.version)],
      },
      { query: notice, params: [shard, noticeId(number), version, name, collection, id] },
    ];
    return await this.#session.applyIf(WRITING, statements, signal);
  }

  /** Whether an attempt whose outcome is not known was made so far. */
  async wasMade({ name, change, from }: Attempt, signal?: AbortSignal): Promise<boolean> {
    const shard = shardOf(change.collection, change.id);
    const notice = await this.#one("attempt", [shard, "", noticeId(from.changes + 1)], true, signal);
    return notice?.attempt === name;
  }

  /** How many changes each shard has had. */
  async changes(signal?: AbortSignal): Promise<number[]> {
    const query = `SELECT DISTINCT shard, changes FROM ${this.#table} WHERE shard IN ?`;
    const rows = await this.#session.read(READING, { query, params: [ALL_SHARDS] }, signal);
    const changes = new Array<number>(SHARDS).fill(0);
    for (const row of rows) changes[Number(row.shard)] = Number(row.changes ?? 0);
    return changes;
  }

  /** The first notices of a shard after a number, at most a thousand. */
  async notices(shard: number, after: number, signal?: AbortSignal): Promise<NumberedNotice[]> {
    const columns = "id, version, of_collection, of_id, WRITETIME(version) AS written";
    const query = `SELECT ${columns} FROM ${this.#table} WHERE shard = ? AND collection = '' AND id > ? LIMIT ${NOTICES_PER_READ}`;
    const rows = await this.#session.read(READING, { query, params: [shard, noticeId(after)] }, signal);
    return rows.map((row) => ({
      number: Number(row.id),
      collection: String(row.of_collection),
      id: String(row.of_id),
      version: Number(row.version),
      writtenMicros: Number(row.written),
    }));
  }

  newAttempt(change: RecordChange, from: RecordState): Attempt {
    return { name: randomUUID(), change, from };
  }

  /** The first ids of a collection's records that are not deleted, over all shards, in the order of their bytes. */
  async #ids(collection: string, { prefix = "", afterId = "", limit }: RecordPage, signal: AbortSignal | undefined) {
    const isAfter = byBytes(afterId, prefix) >= 0;
    const query = `SELECT id, live FROM ${this.#table} WHERE shard = ? AND collection = ? AND id ${isAfter ? ">" : ">="} ?`;
    const fetchSize = Math.max(LEAST_FETCHED, Math.ceil((2 * limit) / SHARDS));
    const found: string[] = [];
    await inParallel(ALL_SHARDS, READS_AT_A_TIME, async (shard) => {
      let kept = 0;
      const statement = { query, params: [shard, collection, isAfter ? afterId : prefix] };
      for await (const rows of this.#session.pages(READING, statement, signal, fetchSize)) {
        for (const row of rows) {
          const id = String(row.id);
          if (!id.startsWith(prefix) || kept === limit) return;
          if (row.live !== true) continue;
          found.push(id);
          kept++;
        }
      }
    });
    return found.sort(byBytes).slice(0, limit);
  }

  async #changes(shard: number, serial: boolean, signal: AbortSignal | undefined): Promise<number> {
    const statement = { query: `SELECT changes FROM ${this.#table} WHERE shard = ? LIMIT 1`, params: [shard] };
    const read = serial
      ? this.#session.readSerial(READING, statement, signal)
      : this.#session.read(READING, statement, signal);
    return Number((await read)[0]?.changes ?? 0);
  }

  async #one(columns: string, key: readonly unknown[], serial: boolean, signal: AbortSignal | undefined) {
    const query = `SELECT ${columns} FROM ${this.#table} WHERE shard = ? AND collection = ? AND id = ?`;
    const statement = { query, params: key };
    const read = serial
      ? this.#session.readSerial(READING, statement, signal)
      : this.#session.read(READING, statement, signal);
    const rows: readonly CqlRow[] = await read;
    return rows[0];
  }
}

function noticeId(number: number): string {
  return String(number).padStart(NOTICE_DIGITS, "0");
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
