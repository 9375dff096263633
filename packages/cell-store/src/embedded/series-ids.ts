import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesKey } from "../cell-store.ts";
import { RecentMap } from "../recent-map.ts";
import { eraSpan } from "./era.ts";

/** A series as its blocks know it. */
export type Series = {
  readonly id: number;
  /** Minutes that an era of its granularity covers. */
  readonly span: number;
  /** No block of it lies before this bucket: where expiry left off. A hint of this process, 0 at first. */
  floor: number;
};

// A hundred thousand projects of five granularities, and room for families of their own.
const SERIES_CACHED = 1_048_576;
const SOURCES_CACHED = 8_192;

/** The numbers of series and sources: looked up once, then remembered, within bounds. */
export class SeriesIds {
  readonly #series = new RecentMap<string, Series>(SERIES_CACHED);
  readonly #sourceIds = new RecentMap<string, number>(SOURCES_CACHED);
  readonly #sourceNames = new RecentMap<number, string>(SOURCES_CACHED);
  readonly #selectSeries: StatementSync;
  readonly #insertSeries: StatementSync;
  readonly #listSeries: StatementSync;
  readonly #selectSource: StatementSync;
  readonly #insertSource: StatementSync;
  readonly #selectSourceName: StatementSync;

  constructor(db: DatabaseSync) {
    this.#selectSeries = db.prepare(
      "SELECT id FROM series WHERE project = ? AND granularity = ? AND family = ? AND generation = ?",
    );
    this.#insertSeries = db.prepare(
      "INSERT INTO series (project, granularity, family, generation) VALUES (?, ?, ?, ?)",
    );
    this.#listSeries = db.prepare("SELECT family, generation FROM series WHERE project = ? AND granularity = ?");
    this.#selectSource = db.prepare("SELECT id FROM sources WHERE name = ?");
    this.#insertSource = db.prepare("INSERT INTO sources (name) VALUES (?)");
    this.#selectSourceName = db.prepare("SELECT name FROM sources WHERE id = ?");
  }

  /** The series of a key; `undefined` when nothing was ever written to it. */
  findSeries(key: SeriesKey): Series | undefined {
    const name = nameOf(key);
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    const row = this.#selectSeries.get(key.projectId, key.granularity, key.family, key.generation);
    return row === undefined ? undefined : this.#remember(name, key, Number(row.id));
  }

  /** The series of a key, made where there is none. To be called inside a transaction. */
  series(key: SeriesKey): Series {
    const found = this.findSeries(key);
    if (found !== undefined) return found;
    const { lastInsertRowid } = this.#insertSeries.run(key.projectId, key.granularity, key.family, key.generation);
    return this.#remember(nameOf(key), key, Number(lastInsertRowid));
  }

  /** Every series of a project and granularity. */
  seriesOf(projectId: string, granularity: string): Series[] {
    const found: Series[] = [];
    for (const row of this.#listSeries.all(projectId, granularity)) {
      const family = String(row.family);
      const series = this.findSeries({ projectId, granularity, family, generation: Number(row.generation) });
      if (series !== undefined) found.push(series);
    }
    return found;
  }

  findSource(name: string): number | undefined {
    const known = this.#sourceIds.get(name);
    if (known !== undefined) return known;
    const row = this.#selectSource.get(name);
    if (row === undefined) return undefined;
    this.#sourceIds.set(name, Number(row.id));
    return Number(row.id);
  }

  /** The number of a source, given where it has none. To be called inside a transaction. */
  source(name: string): number {
    const found = this.findSource(name);
    if (found !== undefined) return found;
    const id = Number(this.#insertSource.run(name).lastInsertRowid);
    this.#sourceIds.set(name, id);
    return id;
  }

  sourceName(id: number): string {
    let name = this.#sourceNames.get(id);
    if (name === undefined) {
      name = String(this.#selectSourceName.get(id)?.name);
      this.#sourceNames.set(id, name);
    }
    return name;
  }

  /** Forgets what is remembered: after a rollback some of it may not exist. */
  forget(): void {
    this.#series.clear();
    this.#sourceIds.clear();
    this.#sourceNames.clear();
  }

  #remember(name: string, key: SeriesKey, id: number): Series {
    const series = { id, span: eraSpan(key.granularity), floor: 0 };
    this.#series.set(name, series);
    return series;
  }
}

function nameOf(key: SeriesKey): string {
  return `${key.projectId}\n${key.granularity}\n${key.generation}\n${key.family}`;
}
