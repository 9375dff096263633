import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { openSqlite } from "@millrace/sqlite";
import { ClaimPage, ENTRY_BYTES } from "./claim-page.ts";

const FILE_NAME = "claims.sqlite";
const FORMAT = "1";
// A call touches the ends of many pages, so what counts is how much is rewritten around each.
const PAGE_BYTES = 4096;

/** Pages of a slot: by the four low bits of the claim id's first byte. */
export const BUCKETS = 16;
/** A row's key is (slot number * BUCKETS + bucket) * ROW_SPAN + sequence, so that a page is a range of the table. */
const ROW_SPAN = 2 ** 18;
/** Pages in more rows than this are written anew as one row when they are loaded. */
const COMPACT_ROWS = 64;
/** Before its sequence runs out a page is compacted even while it is in memory. */
const MAX_ROWS = ROW_SPAN / 2;

/** A slot that has claims. */
export type Slot = {
  readonly slot: number;
  /** Its number in the table: small, as it makes part of the keys. */
  readonly number: number;
  keepUntilMs: number;
  /** The pages that are in memory. */
  readonly pages: (ClaimPage | undefined)[];
};

/** The claims on disk. Synchronous; transactions are the caller's. */
export class ClaimTable {
  readonly #database: DatabaseSync;
  readonly #insertSlot: StatementSync;
  readonly #extendSlot: StatementSync;
  readonly #deleteSlot: StatementSync;
  readonly #insertRow: StatementSync;
  readonly #selectRows: StatementSync;
  readonly #deleteRows: StatementSync;

  constructor(directory: string) {
    this.#database = openSqlite({
      directory,
      fileName: FILE_NAME,
      what: "the store of claims",
      pageBytes: PAGE_BYTES,
    });
    try {
      createTables(this.#database);
      const prepare = (sql: string) => this.#database.prepare(sql);
      this.#insertSlot = prepare("insert into slot (slot, keep_until_ms) values (?, ?)");
      this.#extendSlot = prepare("update slot set keep_until_ms = ? where number = ?");
      this.#deleteSlot = prepare("delete from slot where number = ?");
      this.#insertRow = prepare("insert into claims (key, entries) values (?, ?)");
      this.#selectRows = prepare("select key, entries from claims where key >= ? and key < ? order by key");
      this.#deleteRows = prepare("delete from claims where key >= ? and key < ?");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All slots that have claims. */
  slots(): Map<number, Slot> {
    const slots = new Map<number, Slot>();
    for (const row of this.#database.prepare("select number, slot, keep_until_ms from slot").iterate()) {
      const slot = Number(row.slot);
      slots.set(slot, { slot, number: Number(row.number), keepUntilMs: Number(row.keep_until_ms), pages: [] });
    }
    return slots;
  }

  /** Runs `work` in one transaction, durable when it returns. */
  transaction(work: () => void): void {
    this.#database.exec("begin immediate");
    try {
      work();
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  addSlot(slot: number, keepUntilMs: number): Slot {
    const number = Number(this.#insertSlot.run(slot, keepUntilMs).lastInsertRowid);
    return { slot, number, keepUntilMs, pages: [] };
  }

  extendSlot(slot: Slot, keepUntilMs: number): void {
    this.#extendSlot.run(keepUntilMs, slot.number);
    slot.keepUntilMs = keepUntilMs;
  }

  /** Removes a slot, whose pages are gone already. */
  deleteSlot(slot: Slot): void {
    this.#deleteSlot.run(slot.number);
  }

  /** Reads a page; an empty one when there is none. */
  loadPage(slot: Slot, bucket: number): ClaimPage {
    const page = new ClaimPage();
    const base = baseKey(slot, bucket);
    for (const row of this.#selectRows.iterate(base, base + ROW_SPAN)) {
      const entries = row.entries as Uint8Array;
      if (entries.length % ENTRY_BYTES !== 0) {
        throw new Failure("corrupt", "DATA_CORRUPT", `Claims of slot ${slot.slot} are damaged.`);
      }
      page.load(entries);
      page.nextRow = Number(row.key) - base + 1;
      page.loadedRows++;
    }
    return page;
  }

  /** Stores what a page has that is not stored yet. Within a transaction. */
  storePage(slot: Slot, bucket: number, page: ClaimPage): void {
    const entries = page.takeUnstored();
    if (entries === undefined) return;
    if (page.nextRow >= MAX_ROWS) this.#compact(slot, bucket, page);
    else this.#insertRow.run(baseKey(slot, bucket) + page.nextRow++, entries);
  }

  /**
   * Writes a page that was loaded from many rows as one. Within a transaction, and when all of it is stored. A page that
   * stays in memory is left in its rows: to write it anew again and again while it grows would cost more than it saves.
   */
  tidyPage(slot: Slot, bucket: number, page: ClaimPage): void {
    if (page.loadedRows > COMPACT_ROWS) this.#compact(slot, bucket, page);
  }

  /** Removes a page. Within a transaction. */
  deletePage(slot: Slot, bucket: number): void {
    const base = baseKey(slot, bucket);
    this.#deleteRows.run(base, base + ROW_SPAN);
  }

  close(): void {
    this.#database.close();
  }

  #compact(slot: Slot, bucket: number, page: ClaimPage): void {
    this.deletePage(slot, bucket);
    this.#insertRow.run(baseKey(slot, bucket), page.all());
    page.nextRow = 1;
    page.loadedRows = 1;
  }
}

function baseKey(slot: Slot, bucket: number): number {
  return (slot.number * BUCKETS + bucket) * ROW_SPAN;
}

function createTables(database: DatabaseSync): void {
  database.exec(`
    begin immediate;
    create table if not exists meta (name text primary key, value text not null) strict;
    create table if not exists slot (
      number integer primary key, slot integer not null unique, keep_until_ms integer not null
    ) strict;
    create table if not exists claims (key integer primary key, entries blob not null) strict;
    insert or ignore into meta values ('format', '${FORMAT}');
    commit;
  `);
  const format = String(database.prepare("select value from meta where name = 'format'").get()?.value);
  if (format !== FORMAT) {
    throw new Failure(
      "precondition",
      "DATA_CORRUPT",
      `The claims have format ${format}, which this version cannot read.`,
    );
  }
}
