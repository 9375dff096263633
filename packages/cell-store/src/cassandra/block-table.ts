import { type CassandraSession, type CqlRow, inParallel, type Statement } from "@millrace/cassandra";
import type { BlockKey, BlockWrite, SeriesKey, StoredBlock } from "../cell-store.ts";
import { type Lane, seriesParams } from "./directory.ts";
import { eraMinutes, TIERS, type Tier, tierOf } from "./era.ts";
import { timeToLive } from "./time-to-live.ts";

/** A batch is one mutation of one partition; these keep it far below what a node takes at once. */
const BATCH_ROWS = 100;
const BATCH_BYTES = 64 * 1024;
const REQUESTS_AT_A_TIME = 128;

const WRITING = "writing to the cell store";
const READING = "reading the cell store";

type Statements = Readonly<Record<"insert" | "select" | "slice" | "minutes", string>>;

/** The statements over the tables of blocks. */
export class BlockTable {
  readonly #session: CassandraSession;
  readonly #clock: { now(): number };
  readonly #statements: Readonly<Record<Tier, Statements>>;

  constructor(session: CassandraSession, clock: { now(): number }) {
    this.#session = session;
    this.#clock = clock;
    const statements = TIERS.map((tier) => [tier, statementsOf(`${session.keyspace}.blocks_${tier}`)] as const);
    this.#statements = Object.fromEntries(statements) as Record<Tier, Statements>;
  }

  /** Writes blocks, those of a partition together. */
  async write(blocks: readonly BlockWrite[], signal: AbortSignal | undefined): Promise<void> {
    const partitions = new Map<string, BlockWrite[]>();
    for (const block of blocks) {
      const { key } = block;
      const name = [...seriesParams(key), eraOf(key), key.slot, key.source].join("\n");
      const lane = partitions.get(name);
      if (lane === undefined) partitions.set(name, [block]);
      else lane.push(block);
    }
    const batches = [...partitions.values()].flatMap((lane) => this.#batches(lane));
    await inParallel(batches, REQUESTS_AT_A_TIME, (batch) => this.#session.write(WRITING, batch, signal));
  }

  async read(key: BlockKey, signal: AbortSignal | undefined): Promise<StoredBlock | undefined> {
    const statement = { query: this.#of(key).select, params: [...laneParams(key, eraOf(key), key), minuteOf(key)] };
    const [row] = await this.#session.read(READING, statement, signal);
    return row === undefined ? undefined : blockOf(key, row);
  }

  async readMany(keys: readonly BlockKey[], signal: AbortSignal | undefined): Promise<(StoredBlock | undefined)[]> {
    const found = new Array<StoredBlock | undefined>(keys.length).fill(undefined);
    await inParallel(keys, REQUESTS_AT_A_TIME, async (key, index) => {
      found[index] = await this.read(key, signal);
    });
    return found;
  }

  /** The blocks of a lane's era whose buckets are from one to another (exclusive). */
  async slice(series: SeriesKey, at: LaneOfEra, from: number, to: number, signal: AbortSignal | undefined) {
    const rows = await this.#rows("slice", series, at, from, to, signal);
    return rows.map((row) => blockOf(this.#key(series, at, row), row));
  }

  /** Only the keys of such blocks. */
  async keys(series: SeriesKey, at: LaneOfEra, from: number, to: number, signal: AbortSignal | undefined) {
    const rows = await this.#rows("minutes", series, at, from, to, signal);
    return rows.map((row) => this.#key(series, at, row));
  }

  async #rows(
    which: "slice" | "minutes",
    series: SeriesKey,
    { era, lane }: LaneOfEra,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly CqlRow[]> {
    const start = era * eraMinutes(tierOf(series.granularity));
    const bounds = [Math.max(0, from - start), Math.min(eraMinutes(tierOf(series.granularity)), to - start)];
    const params = [...laneParams(series, era, lane), ...bounds];
    return await this.#session.read(READING, { query: this.#of(series)[which], params }, signal);
  }

  #key(series: SeriesKey, { era, lane }: LaneOfEra, row: CqlRow): BlockKey {
    const { projectId, family, generation, granularity } = series;
    const bucket = era * eraMinutes(tierOf(granularity)) + Number(row.minute);
    return { projectId, family, generation, granularity, bucket, slot: lane.slot, source: lane.source };
  }

  #batches(lane: readonly BlockWrite[]): Statement[][] {
    const nowMs = this.#clock.now();
    const batches: Statement[][] = [];
    let batch: Statement[] = [];
    let bytes = 0;
    for (const { key, wts, blob, keepMinutes } of lane) {
      if (batch.length === BATCH_ROWS || (batch.length > 0 && bytes + blob.byteLength > BATCH_BYTES)) {
        batches.push(batch);
        batch = [];
        bytes = 0;
      }
      const cells = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
      const params = [
        ...laneParams(key, eraOf(key), key),
        minuteOf(key),
        cells,
        BigInt(wts),
        timeToLive(keepMinutes, nowMs),
      ];
      batch.push({ query: this.#of(key).insert, params });
      bytes += blob.byteLength;
    }
    if (batch.length > 0) batches.push(batch);
    return batches;
  }

  #of(series: SeriesKey): Statements {
    return this.#statements[tierOf(series.granularity)];
  }
}

/** A partition of a series. */
export type LaneOfEra = { readonly era: number; readonly lane: Lane };

function statementsOf(table: string): Statements {
  const columns = "project, family, generation, granularity, era, slot, source";
  const lane =
    "project = ? AND family = ? AND generation = ? AND granularity = ? AND era = ? AND slot = ? AND source = ?";
  // One column, so that two writes never mix; its write time is the block's, so that both are always of one write.
  const state = "minute, cells, WRITETIME(cells) AS wts";
  return {
    insert: `INSERT INTO ${table} (${columns}, minute, cells) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`,
    select: `SELECT ${state} FROM ${table} WHERE ${lane} AND minute = ?`,
    slice: `SELECT ${state} FROM ${table} WHERE ${lane} AND minute >= ? AND minute < ?`,
    minutes: `SELECT minute FROM ${table} WHERE ${lane} AND minute >= ? AND minute < ?`,
  };
}

function laneParams(series: SeriesKey, era: number, { slot, source }: Lane): unknown[] {
  return [...seriesParams(series), era, slot, source];
}

function eraOf({ granularity, bucket }: BlockKey): number {
  return Math.floor(bucket / eraMinutes(tierOf(granularity)));
}

function minuteOf({ granularity, bucket }: BlockKey): number {
  return bucket % eraMinutes(tierOf(granularity));
}

function blockOf(key: BlockKey, row: CqlRow): StoredBlock {
  const { projectId, family, generation, granularity, bucket, slot, source } = key;
  const cells = row.cells as Buffer;
  const blob = new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
  return {
    key: { projectId, family, generation, granularity, bucket, slot, source },
    wts: Number(row.wts),
    blob,
  };
}
