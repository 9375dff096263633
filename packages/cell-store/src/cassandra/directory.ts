import { type CassandraSession, inParallel, type Statement } from "@millrace/cassandra";
import type { BlockWrite, SeriesKey } from "../cell-store.ts";
import { RecentMap } from "../recent-map.ts";
import { eraMinutes, tierOf } from "./era.ts";
import { timeToLive } from "./time-to-live.ts";

/** A slot of a source: what one partition of an era holds. */
export type Lane = { readonly slot: number; readonly source: string };

const REMEMBERED = 524_288;
const ROWS_PER_BATCH = 100;
const WRITES_AT_A_TIME = 32;

/**
 * Which partitions there are. Rows are only ever added, before the first block that they lead to. How long a row is kept is
 * part of its key: were it not, a source that keeps an era for less long would shorten it for another.
 */
export class Directory {
  readonly #session: CassandraSession;
  readonly #clock: { now(): number };
  readonly #known = new RecentMap<string, true>(REMEMBERED);
  readonly #insertEra: string;
  readonly #insertLane: string;
  readonly #selectEras: string;
  readonly #selectLanes: string;

  constructor(session: CassandraSession, clock: { now(): number }) {
    this.#session = session;
    this.#clock = clock;
    const { keyspace } = session;
    const series = "project, family, generation, granularity";
    const where = "project = ? AND family = ? AND generation = ? AND granularity = ?";
    this.#insertEra = `INSERT INTO ${keyspace}.eras (${series}, era, kept) VALUES (?, ?, ?, ?, ?, ?) USING TTL ?`;
    this.#insertLane = `INSERT INTO ${keyspace}.lanes (${series}, era, slot, source, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`;
    this.#selectEras = `SELECT era FROM ${keyspace}.eras WHERE ${where} AND era >= ? AND era <= ?`;
    this.#selectLanes = `SELECT slot, source FROM ${keyspace}.lanes WHERE ${where} AND era = ?`;
  }

  /** Makes sure that the partitions of blocks are listed, durably. */
  async add(blocks: readonly BlockWrite[], signal: AbortSignal | undefined): Promise<void> {
    const partitions = new Map<string, Statement[]>();
    const added = new Set<string>();
    const nowMs = this.#clock.now();
    for (const { key, keepMinutes } of blocks) {
      const era = Math.floor(key.bucket / eraMinutes(tierOf(key.granularity)));
      const ttl = timeToLive(keepMinutes, nowMs);
      const eraName = `${nameOf(key, era)}\n${ttl}`;
      const lane = `${eraName}\n${key.slot}\n${key.source}`;
      if (this.#known.get(lane) || added.has(lane)) continue;
      const params = [...seriesParams(key), era];
      if (!this.#known.get(eraName) && !added.has(eraName)) {
        partitions.set(`e${eraName}`, [{ query: this.#insertEra, params: [...params, ttl, ttl] }]);
        added.add(eraName);
      }
      const rows = partitions.get(`l${eraName}`) ?? [];
      rows.push({ query: this.#insertLane, params: [...params, key.slot, key.source, ttl, ttl] });
      partitions.set(`l${eraName}`, rows);
      added.add(lane);
    }
    await inParallel([...partitions.values()].flatMap(inBatches), WRITES_AT_A_TIME, (batch) =>
      this.#session.write("writing to the cell store", batch, signal),
    );
    for (const name of added) this.#known.set(name, true);
  }

  /** The eras of a series from one to another, both inclusive, in order. */
  async eras(series: SeriesKey, from: number, to: number, signal: AbortSignal | undefined): Promise<number[]> {
    const statement = { query: this.#selectEras, params: [...seriesParams(series), from, to] };
    const rows = await this.#session.read("reading the cell store", statement, signal);
    return [...new Set(rows.map((row) => Number(row.era)))];
  }

  /** The lanes of an era, of some slots or all. */
  async lanes(
    series: SeriesKey,
    era: number,
    slots: ReadonlySet<number> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Lane[]> {
    const statement = { query: this.#selectLanes, params: [...seriesParams(series), era] };
    const rows = await this.#session.read("reading the cell store", statement, signal);
    const all = rows.map((row) => ({ slot: Number(row.slot), source: String(row.source) }));
    // In their order, those of one lane are beside each other.
    const lanes = all.filter(({ slot, source }, at) => slot !== all[at - 1]?.slot || source !== all[at - 1]?.source);
    return slots === undefined ? lanes : lanes.filter(({ slot }) => slots.has(slot));
  }
}

/** The columns of a series, as they are bound. */
export function seriesParams({ projectId, family, generation, granularity }: SeriesKey): unknown[] {
  return [projectId, family, BigInt(generation), granularity];
}

function nameOf(key: SeriesKey, era: number): string {
  return `${key.projectId}\n${key.family}\n${key.generation}\n${key.granularity}\n${era}`;
}

function inBatches(rows: readonly Statement[]): Statement[][] {
  const batches: Statement[][] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_BATCH) batches.push(rows.slice(from, from + ROWS_PER_BATCH));
  return batches;
}
