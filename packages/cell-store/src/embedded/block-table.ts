import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BlockKey, BlockRange, StoredBlock } from "../cell-store.ts";
import { eraOf } from "./era.ts";
import type { Series, SeriesIds } from "./series-ids.ts";

const MAX_PORTION_BLOCKS = 256;
const MAX_PORTION_BYTES = 4 * 1024 * 1024;
const MAX_ERAS_PER_PORTION = 256;
const BEFORE_ALL = -1;

/** Where a scan goes on: after this block of this era. */
export type ScanCursor = { era: number; bucket: number; slot: number; source: number };

type Row = { era: number; series: number; block: StoredBlock; source: number };
type ScanRow = [bucket: number, slot: number, source: number, wts: number, blob: Uint8Array];

/** The statements over the table of blocks. Each method is one bounded step. */
export class BlockTable {
  readonly #ids: SeriesIds;
  readonly #upsert: StatementSync;
  readonly #select: StatementSync;
  readonly #scan: StatementSync;
  readonly #scanSlots: StatementSync;
  readonly #nextEra: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, ids: SeriesIds) {
    this.#ids = ids;
    // Two writers never store different bytes with one write time; should it happen, every order of arrival ends alike.
    this.#upsert = db.prepare(`
      INSERT INTO blocks (era, series, bucket, slot, source, wts, blob) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET wts = excluded.wts, blob = excluded.blob
      WHERE excluded.wts > wts OR (excluded.wts = wts AND excluded.blob > blob)`);
    const block = "era = ? AND series = ? AND bucket = ? AND slot = ? AND source = ?";
    this.#select = db.prepare(`SELECT wts, blob FROM blocks WHERE ${block}`);
    const after = "era = ? AND series = ? AND (bucket, slot, source) > (?, ?, ?) AND bucket < ?";
    const scan = `SELECT bucket, slot, source, wts, blob FROM blocks WHERE ${after}`;
    const inOrder = "ORDER BY bucket, slot, source";
    this.#scan = db.prepare(`${scan} ${inOrder}`);
    this.#scanSlots = db.prepare(`${scan} AND slot IN (SELECT value FROM json_each(?)) ${inOrder}`);
    for (const statement of [this.#scan, this.#scanSlots]) statement.setReturnArrays(true);
    this.#nextEra = db.prepare("SELECT era FROM blocks WHERE era > ? AND era <= ? ORDER BY era LIMIT 1");
    this.#delete = db.prepare(`
      DELETE FROM blocks WHERE rowid IN (
        SELECT rowid FROM blocks WHERE era = ? AND series = ? AND bucket < ? LIMIT ?)`);
  }

  /** Writes blocks inside the transaction that is open, in the order in which they lie in the file. */
  write(blocks: readonly StoredBlock[]): void {
    const rows = blocks.map((block) => this.#locate(block)).sort(inFileOrder);
    for (const { era, series, block, source } of rows) {
      this.#upsert.run(era, series, block.key.bucket, block.key.slot, source, block.wts, block.blob);
    }
  }

  read(key: BlockKey): StoredBlock | undefined {
    const series = this.#ids.findSeries(key);
    const source = this.#ids.findSource(key.source);
    if (series === undefined || source === undefined) return undefined;
    const row = this.#select.get(eraOf(series.span, key.bucket), series.id, key.bucket, key.slot, source);
    return row === undefined ? undefined : { key, wts: Number(row.wts), blob: row.blob as Uint8Array };
  }

  /** A cursor before the first block of a range. */
  begin(series: Series, range: BlockRange): ScanCursor {
    const from = Math.max(range.fromBucket, series.floor);
    return { era: eraOf(series.span, from), bucket: from, slot: BEFORE_ALL, source: BEFORE_ALL };
  }

  /** The next portion of a range; moves the cursor behind it. `done` when nothing follows. */
  portion(series: Series, range: BlockRange, cursor: ScanCursor): { blocks: StoredBlock[]; done: boolean } {
    const blocks: StoredBlock[] = [];
    const lastEra = eraOf(series.span, Math.max(0, range.toBucket - 1));
    const slots = range.slots === undefined ? undefined : JSON.stringify(range.slots);
    let bytes = 0;
    for (let eras = 0; eras < MAX_ERAS_PER_PORTION; eras++) {
      for (const [bucket, slot, source, wts, blob] of this.#rows(series, range, cursor, slots)) {
        blocks.push({ key: keyOf(range, bucket, slot, this.#ids.sourceName(source)), wts, blob });
        cursor.bucket = bucket;
        cursor.slot = slot;
        cursor.source = source;
        bytes += blob.byteLength;
        if (blocks.length >= MAX_PORTION_BLOCKS || bytes >= MAX_PORTION_BYTES) return { blocks, done: false };
      }
      const next = this.#nextEra.get(cursor.era, lastEra);
      if (next === undefined) return { blocks, done: true };
      Object.assign(cursor, { era: Number(next.era), bucket: BEFORE_ALL, slot: BEFORE_ALL, source: BEFORE_ALL });
    }
    return { blocks, done: false };
  }

  /** Deletes at most `limit` blocks of a series before a bucket, inside the open transaction; gives how many. */
  expire(series: Series, beforeBucket: number, limit: number): number {
    let gone = 0;
    const lastEra = eraOf(series.span, beforeBucket);
    for (let era = eraOf(series.span, series.floor) - 1; gone < limit; ) {
      const next = this.#nextEra.get(era, lastEra);
      if (next === undefined) {
        series.floor = Math.max(series.floor, beforeBucket);
        break;
      }
      era = Number(next.era);
      gone += Number(this.#delete.run(era, series.id, beforeBucket, limit - gone).changes);
    }
    return gone;
  }

  #rows(series: Series, range: BlockRange, at: ScanCursor, slots: string | undefined): Iterable<ScanRow> {
    const bounds = [at.era, series.id, at.bucket, at.slot, at.source, range.toBucket] as const;
    const rows = slots === undefined ? this.#scan.iterate(...bounds) : this.#scanSlots.iterate(...bounds, slots);
    return rows as Iterable<unknown> as Iterable<ScanRow>;
  }

  #locate(block: StoredBlock): Row {
    const series = this.#ids.series(block.key);
    if (block.key.bucket < series.floor) series.floor = block.key.bucket;
    const era = eraOf(series.span, block.key.bucket);
    return { era, series: series.id, block, source: this.#ids.source(block.key.source) };
  }
}

function keyOf(range: BlockRange, bucket: number, slot: number, source: string): BlockKey {
  const { projectId, family, generation, granularity } = range;
  return { projectId, family, generation, granularity, bucket, slot, source };
}

function inFileOrder(a: Row, b: Row): number {
  return (
    a.era - b.era ||
    a.series - b.series ||
    a.block.key.bucket - b.block.key.bucket ||
    a.block.key.slot - b.block.key.slot ||
    a.source - b.source
  );
}
