import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { openSqlite } from "@millrace/sqlite";
import type { LogRecord } from "../event-log.ts";

const FILE_NAME = "event-log.sqlite";
const FORMAT = "1";
// Records are large: with big pages a value spans few of them, and appending was measured to be twice as fast as at 4 KiB.
const PAGE_BYTES = 16_384;

/** A record's key is partition * KEY_SPAN + offset: one dense integer key, so that a partition is a range of the table. */
const KEY_SPAN = 2 ** 45;
/** The key of the last partition must stay an exact number. */
export const MAX_PARTITIONS = 256;

/** A partition's state, kept in memory and read again whenever the outcome of a transaction is in doubt. */
type PartitionBounds = { first: number; end: number };

/** The log's tables in SQLite. Synchronous; transactions are the caller's. */
export class RecordTable {
  readonly generation: number;
  readonly partitions: number;
  readonly #database: DatabaseSync;
  readonly #bounds: PartitionBounds[] = [];
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #setFirst: StatementSync;
  readonly #committed: StatementSync;
  readonly #commit: StatementSync;
  readonly #held: StatementSync;

  constructor(directory: string, partitions: number | undefined) {
    this.#database = openSqlite({ directory, fileName: FILE_NAME, what: "the event log", pageBytes: PAGE_BYTES });
    try {
      const meta = createTables(this.#database, partitions ?? 8);
      this.generation = meta.generation;
      this.partitions = meta.partitions;
      if (partitions !== undefined && partitions !== this.partitions) {
        const problem = `the log in ${directory} has ${this.partitions}, which cannot be changed`;
        const violations = [{ field: "partitions", description: problem }];
        throw new Failure("precondition", "FIELD_INVALID", `partitions: ${problem}`, { violations });
      }
      const prepare = (sql: string) => this.#database.prepare(sql);
      this.#insert = prepare("insert into record (key, time_ms, value) values (?, ?, ?)");
      this.#select = prepare("select key, time_ms, value from record where key >= ? and key < ? order by key");
      this.#delete = prepare("delete from record where key >= ? and key < ?");
      this.#setFirst = prepare("update log_partition set first = ? where partition = ?");
      this.#committed = prepare("select offset from committed where name = ? and partition = ?");
      this.#commit = prepare("insert or replace into committed (name, partition, offset, time_ms) values (?, ?, ?, ?)");
      this.#held = prepare(`
        select min(coalesce(committed.offset, 0)) as offset
        from (select name from committed group by name having max(time_ms) >= ?) as active
        left join committed on committed.name = active.name and committed.partition = ?`);
      this.reload();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Reads the partitions' bounds again from the tables. */
  reload(): void {
    const row = this.#database.prepare(
      "select first, (select max(key) from record where key >= ? and key < ?) as last from log_partition where partition = ?",
    );
    for (let partition = 0; partition < this.partitions; partition++) {
      const base = partition * KEY_SPAN;
      const found = row.get(base, base + KEY_SPAN, partition);
      const first = Number(found?.first);
      const last = found?.last;
      this.#bounds[partition] = { first, end: last === null ? first : Number(last) - base + 1 };
    }
  }

  first(partition: number): number {
    return this.#bounds[partition]!.first;
  }

  end(partition: number): number {
    return this.#bounds[partition]!.end;
  }

  /** Runs `work` in one transaction, durable when it returns. When it throws, bounds and tables are as before. */
  transaction(work: () => void): void {
    this.#database.exec("begin immediate");
    try {
      work();
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      this.reload();
      throw error;
    }
  }

  /** Appends a record and gives its offset. Within a transaction. */
  append(partition: number, timeMs: number, value: Uint8Array): number {
    const bounds = this.#bounds[partition]!;
    const offset = bounds.end;
    this.#insert.run(partition * KEY_SPAN + offset, timeMs, value);
    bounds.end = offset + 1;
    return offset;
  }

  /** Records of `[from, to)`, as many as `maxBytes` of values allow, but at least one if there is one. */
  read(partition: number, from: number, to: number, maxBytes: number): LogRecord[] {
    const base = partition * KEY_SPAN;
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const row of this.#select.iterate(base + from, base + to)) {
      const value = row.value as Uint8Array;
      bytes += value.length;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push({ offset: Number(row.key) - base, appendTimeMs: Number(row.time_ms), value });
    }
    return records;
  }

  /** The offset that a group committed, 0 when none. */
  committed(group: string, partition: number): number {
    return Number(this.#committed.get(group, partition)?.offset ?? 0);
  }

  /** Commits a group's offset. Within a transaction. */
  commit(group: string, partition: number, offset: number, timeMs: number): void {
    this.#commit.run(group, partition, offset, timeMs);
  }

  /**
   * The lowest offset that a group stands at which committed at or after `sinceMs`, in this partition or in another: there
   * may have been nothing to commit in this one. Infinite when there is none.
   */
  heldFrom(partition: number, sinceMs: number): number {
    const offset = this.#held.get(sinceMs, partition)?.offset;
    return offset === null || offset === undefined ? Number.POSITIVE_INFINITY : Number(offset);
  }

  /** Removes up to `limit` records of a partition that are before `to` and older than `beforeMs`. Gives how many went. */
  trim(partition: number, to: number, beforeMs: number, limit: number): number {
    const base = partition * KEY_SPAN;
    const { first, end } = this.#bounds[partition]!;
    const young = this.#database
      .prepare(
        "select min(key) as key from (select key, time_ms from record where key >= ? and key < ? order by key limit ?) where time_ms >= ?",
      )
      .get(base + first, base + end, limit, beforeMs)?.key;
    const until = Math.min(to, end, first + limit, young === null || young === undefined ? end : Number(young) - base);
    if (until <= first) return 0;
    this.transaction(() => {
      this.#delete.run(base + first, base + until);
      this.#setFirst.run(until, partition);
      this.#bounds[partition]!.first = until;
    });
    return until - first;
  }

  close(): void {
    this.#database.close();
  }
}

function createTables(database: DatabaseSync, partitions: number): { generation: number; partitions: number } {
  database.exec(`
    begin immediate;
    create table if not exists meta (name text primary key, value text not null) strict;
    create table if not exists record (key integer primary key, time_ms integer not null, value blob not null) strict;
    create table if not exists log_partition (partition integer primary key, first integer not null) strict;
    create table if not exists committed (
      name text not null, partition integer not null, offset integer not null, time_ms integer not null,
      primary key (name, partition)
    ) strict, without rowid;
    insert or ignore into meta values ('format', '${FORMAT}'), ('generation', '1'), ('partitions', '${partitions}');
    commit;
  `);
  const value = (name: string) => String(database.prepare("select value from meta where name = ?").get(name)?.value);
  if (value("format") !== FORMAT) {
    throw new Failure(
      "precondition",
      "DATA_CORRUPT",
      `The event log has format ${value("format")}, which this version cannot read.`,
    );
  }
  const stored = Number(value("partitions"));
  const add = database.prepare("insert or ignore into log_partition values (?, 0)");
  for (let partition = 0; partition < stored; partition++) add.run(partition);
  return { generation: Number(value("generation")), partitions: stored };
}
