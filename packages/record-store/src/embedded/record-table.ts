import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import type { RecordChange, RecordPage, StoredRecord } from "../record-store.ts";

/** The statements over the table of records. */
export class RecordTable {
  readonly #select: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #upsert: StatementSync;
  readonly #list: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(
      "SELECT version, value FROM records WHERE collection = ? AND id = ? AND value IS NOT NULL",
    );
    this.#selectVersion = db.prepare(
      "SELECT version, value IS NOT NULL AS alive FROM records WHERE collection = ? AND id = ?",
    );
    this.#upsert = db.prepare(`
      INSERT INTO records (collection, id, version, value) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value`);
    this.#list = db.prepare(`
      SELECT id, version, value FROM records
      WHERE collection = ? AND id >= ? AND id > ? AND value IS NOT NULL ORDER BY id`);
  }

  get(collection: string, id: string): StoredRecord | undefined {
    const row = this.#select.get(collection, id);
    if (row === undefined) return undefined;
    return { collection, id, version: Number(row.version), value: row.value as Uint8Array };
  }

  list(collection: string, { prefix = "", afterId = "", limit }: RecordPage): StoredRecord[] {
    const records: StoredRecord[] = [];
    for (const row of this.#list.iterate(collection, prefix, afterId)) {
      const id = String(row.id);
      if (!id.startsWith(prefix)) break;
      records.push({ collection, id, version: Number(row.version), value: row.value as Uint8Array });
      if (records.length >= limit) break;
    }
    return records;
  }

  /** Makes a change inside the open transaction; gives the new version, or the Failure `stale`, having changed nothing. */
  put({ collection, id, expectedVersion, value }: RecordChange): number | Failure {
    const row = this.#selectVersion.get(collection, id);
    const stored = row === undefined ? 0 : Number(row.version);
    const current = row?.alive === 1 ? stored : 0;
    if (current !== expectedVersion) return stale(collection, id, current);
    this.#upsert.run(collection, id, stored + 1, value ?? null);
    return stored + 1;
  }
}

function stale(collection: string, id: string, current: number): Failure {
  const found = current === 0 ? "does not exist" : `has version ${current}`;
  return new Failure("stale", "ETAG_MISMATCH", `${collection} ${id} was changed by somebody else: it ${found} now`);
}
