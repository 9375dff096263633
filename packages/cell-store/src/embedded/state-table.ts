import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredState } from "../cell-store.ts";

/** The statements over the table of states. */
export class StateTable {
  readonly #upsert: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`
      INSERT INTO states (kind, source, name, wts, value) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET wts = excluded.wts, value = excluded.value
      WHERE excluded.wts > wts OR (excluded.wts = wts AND excluded.value > value)`);
    this.#select = db.prepare("SELECT source, name, wts, value FROM states WHERE kind = ? ORDER BY source, name");
  }

  /** Writes states inside the transaction that is open. */
  write(states: readonly StoredState[]): void {
    for (const { kind, source, name, wts, value } of states) this.#upsert.run(kind, source, name, wts, value);
  }

  read(kind: string): StoredState[] {
    return this.#select.all(kind).map((row) => ({
      kind,
      source: String(row.source),
      name: String(row.name),
      wts: Number(row.wts),
      value: row.value as Uint8Array,
    }));
  }
}
