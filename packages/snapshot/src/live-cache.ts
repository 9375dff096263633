import { Failure } from "@millrace/failure";
import { LRUCache } from "lru-cache";
import { BoundedCache } from "./bounded-cache.ts";
import { withSignal } from "./with-signal.ts";

/** What a live cache is made of. */
export type LiveCacheOptions<V extends object> = {
  /** Reads the value of a key. Fails with `notFound` when there is none; any other failure means "not now". */
  readonly read: (key: string) => Promise<V>;
  /** The size of a value in bytes. */
  readonly sizeOf: (value: V) => number;
  /** The present, in epoch milliseconds. */
  readonly now: () => number;
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly absentMax: number;
  readonly loadsMax: number;
  readonly refreshMs: number;
  readonly absentMs: number;
  readonly failedReadPauseMs: number;
  readonly staleWaitMs: number;
};

type Entry<V> = { readonly value: V; readonly readAtMs: number; readonly epoch: number; stale: boolean };
type Absence = { readonly failure: Failure; readonly untilMs: number; readonly epoch: number };
type Load<V> = {
  readonly done: Promise<V>;
  /** Resolves when whoever knows an earlier value need not wait for this one any longer. */
  readonly late: Promise<undefined>;
  readonly timer: NodeJS.Timeout;
  outdated: boolean;
};

/** A value that keeps changing while it is read is good enough after so many reads: it was new when the last began. */
const READS_MAX = 3;

/** So many pauses after a failed read, readers wait for one again: what is seldom asked for is not served stale for ever. */
const FAILED_PAUSES = 10;

/**
 * A bounded cache of values that change at their origin, which tells of changes.
 *
 * - L1 what changed is read again before it is served, or served as it was when it can not be read now: a reader that knows
 *   it waits for a bounded time, and not at all shortly after a read that failed.
 * - L2 concurrent reads of a key are one read.
 * - L3 a read that was under way when a change was told does not count as news.
 * - L4 absence is remembered apart from values, so that made-up keys push out no value.
 */
export class LiveCache<V extends object> {
  readonly #options: LiveCacheOptions<V>;
  readonly #entries: BoundedCache<Entry<V>>;
  readonly #absent: LRUCache<string, Absence>;
  readonly #loads = new Map<string, Load<V>>();
  readonly #pausedUntilMs: LRUCache<string, number>;
  #epoch = 0;
  /** How many questions were answered from memory, and how many were not. */
  hitCount = 0;
  missCount = 0;

  constructor(options: LiveCacheOptions<V>) {
    this.#options = options;
    const { entriesMax, bytesMax, sizeOf } = options;
    this.#entries = new BoundedCache({ entriesMax, bytesMax, sizeOf: ({ value }) => sizeOf(value) });
    this.#absent = new LRUCache({ max: options.absentMax });
    this.#pausedUntilMs = new LRUCache({ max: options.absentMax });
  }

  /**
   * The newest known value.
   *
   * @throws Failure as `read` does, when nothing is known; `exhausted` (OVERLOADED) when too many reads are under way
   */
  async get(key: string, signal?: AbortSignal): Promise<V> {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.missCount++;
    else this.hitCount++;
    if (entry === undefined) {
      const absence = this.#absent.get(key);
      if (absence !== undefined && absence.epoch === this.#epoch && this.#options.now() < absence.untilMs) {
        throw absence.failure;
      }
      return withSignal(this.#load(key).done, signal);
    }
    if (!this.#isStale(entry)) {
      if (this.#isAged(entry)) this.#refresh(key);
      return entry.value;
    }
    if (this.#hasFailedLately(key)) {
      this.#refresh(key);
      return entry.value;
    }
    try {
      const load = this.#load(key);
      return (await withSignal(Promise.race([load.done, load.late]), signal)) ?? entry.value;
    } catch (error) {
      if (signal?.aborted || isAbsent(error)) throw error;
      return entry.value;
    }
  }

  /** What is known, at once, even if it is stale; what is stale is read again in the background. */
  peek(key: string): V | undefined {
    const entry = this.#entries.get(key);
    // Who finds nothing asks again by `get`.
    if (entry === undefined) return undefined;
    this.hitCount++;
    if (this.#isStale(entry) || this.#isAged(entry)) this.#refresh(key);
    return entry.value;
  }

  /** What is in memory, stale or not, and nothing more: it does not even count as use. */
  glance(key: string): V | undefined {
    return this.#entries.peek(key)?.value;
  }

  /** To be called when a key's value has changed at its origin. */
  changed(key: string): void {
    this.#absent.delete(key);
    this.#pausedUntilMs.delete(key);
    const load = this.#loads.get(key);
    if (load !== undefined) load.outdated = true;
    const entry = this.#entries.peek(key);
    if (entry === undefined) return;
    entry.stale = true;
    this.#refresh(key);
  }

  /** To be called when changes may have been missed. */
  allChanged(): void {
    this.#epoch += 1;
    this.#pausedUntilMs.clear();
    for (const load of this.#loads.values()) load.outdated = true;
  }

  #isStale(entry: Entry<V>): boolean {
    return entry.stale || entry.epoch !== this.#epoch;
  }

  #isAged(entry: Entry<V>): boolean {
    return this.#options.now() - entry.readAtMs >= this.#options.refreshMs;
  }

  #isPaused(key: string): boolean {
    return this.#options.now() < (this.#pausedUntilMs.get(key) ?? 0);
  }

  #hasFailedLately(key: string): boolean {
    const { now, failedReadPauseMs } = this.#options;
    return now() < (this.#pausedUntilMs.get(key) ?? Number.NEGATIVE_INFINITY) + FAILED_PAUSES * failedReadPauseMs;
  }

  #refresh(key: string): void {
    if (this.#loads.has(key) || this.#isPaused(key)) return;
    // With too many reads under way there will be another occasion.
    if (this.#loads.size >= this.#options.loadsMax) return;
    // Whoever needs the value asks for it, and learns of the failure then.
    this.#load(key).done.catch(() => {});
  }

  /** The read of a key that is under way, or a new one. Fails with `exhausted` where there are too many. */
  #load(key: string): Load<V> {
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    if (this.#loads.size >= this.#options.loadsMax) {
      const limit = `${this.#options.loadsMax} reads of configuration are under way, which is the limit`;
      throw new Failure("exhausted", "OVERLOADED", limit, { retryAfterMs: 1_000 });
    }
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), this.#options.staleWaitMs).unref();
    const done = Promise.resolve().then(() => this.#read(key, load));
    const load: Load<V> = { done, late, timer, outdated: false };
    this.#loads.set(key, load);
    return load;
  }

  async #read(key: string, load: Load<V>): Promise<V> {
    try {
      for (let reads = 1; ; reads++) {
        load.outdated = false;
        const epoch = this.#epoch;
        const value = await this.#options.read(key);
        if (load.outdated && reads < READS_MAX) continue;
        this.#absent.delete(key);
        this.#pausedUntilMs.delete(key);
        this.#entries.set(key, { value, readAtMs: this.#options.now(), epoch, stale: load.outdated });
        return value;
      }
    } catch (error) {
      if (isAbsent(error)) {
        this.#entries.delete(key);
        const untilMs = load.outdated ? 0 : this.#options.now() + this.#options.absentMs;
        this.#absent.set(key, { failure: error, untilMs, epoch: this.#epoch });
      } else if (!load.outdated) {
        this.#pausedUntilMs.set(key, this.#options.now() + this.#options.failedReadPauseMs);
      }
      throw error;
    } finally {
      clearTimeout(load.timer);
      this.#loads.delete(key);
    }
  }
}

function isAbsent(error: unknown): error is Failure {
  return error instanceof Failure && error.kind === "notFound";
}
