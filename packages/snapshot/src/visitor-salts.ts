import type { SnapshotLog } from "./snapshot.ts";
import { withSignal } from "./with-signal.ts";

const DAY_MS = 86_400_000;
/** While config is away it is asked so often, and nobody waits for it meanwhile. */
const RETRY_MS = 10_000;

/** What the secrets of the days are kept with. */
export type VisitorSaltsOptions = {
  /** Reads the secrets of config's today and tomorrow, by day. */
  readonly read: () => Promise<ReadonlyMap<string, Uint8Array>>;
  readonly log: SnapshotLog | undefined;
};

/**
 * The secrets of the days, read a day ahead, so that the end of a day finds the next one's here even though config is
 * away then. Those of days before yesterday are forgotten.
 */
export class VisitorSalts {
  readonly #read: VisitorSaltsOptions["read"];
  readonly #log: SnapshotLog | undefined;
  readonly #salts = new Map<string, Uint8Array>();
  #loading: Promise<void> | undefined;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ read, log }: VisitorSaltsOptions) {
    this.#read = read;
    this.#log = log;
  }

  /** The secret of the day that holds `nowMs`; undefined while there is none to be had. */
  async get(nowMs: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    this.#forget(nowMs);
    const today = dateOf(nowMs);
    const isAhead = this.#salts.has(dateOf(nowMs + DAY_MS));
    const known = this.#salts.get(today);
    if (known !== undefined && isAhead) return known;
    if (nowMs < this.#pausedUntilMs && nowMs >= this.#pausedUntilMs - RETRY_MS) return known;
    const loading = this.#load(nowMs);
    if (known !== undefined) return known;
    await withSignal(loading, signal);
    return this.#salts.get(today);
  }

  #load(nowMs: number): Promise<void> {
    this.#loading ??= this.#read()
      .then((salts) => {
        for (const [date, salt] of salts) this.#salts.set(date, salt);
        const today = dateOf(nowMs);
        if (!this.#salts.has(today)) throw new Error(`config knows no secret of ${today}: its clock is another day's`);
        this.#forget(nowMs);
      })
      .catch((error: unknown) => {
        this.#pausedUntilMs = nowMs + RETRY_MS;
        const what = this.#salts.has(dateOf(nowMs))
          ? "tomorrow's secret"
          : "today's secret, so that visitors are unknown";
        this.#log?.warn({ err: error }, `config can not be asked for ${what}`);
      })
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  #forget(nowMs: number): void {
    const yesterday = dateOf(nowMs - DAY_MS);
    for (const date of this.#salts.keys()) {
      if (date < yesterday) this.#salts.delete(date);
    }
  }
}

/** The day, in UTC, such as "2026-01-31". */
function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
