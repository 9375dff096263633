/** Of so many records it is measured when they become visible. */
const RECEIVED_MAX = 4_096;

/**
 * How many events of each project are folded in memory and not stored in the finest tier yet. They are few: the tier is
 * flushed several times a second. While a restart catches up, events that had been stored may be among them.
 */
export class InFlight {
  #waiting = new Map<string, number>();
  #flushing = new Map<string, number>();
  /** When ingest took them, record by record. */
  #waitingSince: number[] = [];
  #flushingSince: readonly number[] = [];

  /** Counts events that were folded. */
  add(projectId: string, events: number): void {
    this.#waiting.set(projectId, (this.#waiting.get(projectId) ?? 0) + events);
  }

  /** Notes when ingest took what was folded, record by record, in epoch milliseconds. */
  receivedAt(times: readonly number[]): void {
    this.#waitingSince.push(...times.slice(0, RECEIVED_MAX - this.#waitingSince.length));
  }

  /** A flush takes all that was folded so far. */
  flushBegan(): void {
    this.#flushing = this.#waiting;
    this.#waiting = new Map();
    this.#flushingSince = this.#waitingSince;
    this.#waitingSince = [];
  }

  /** What the flush took is stored. Gives when ingest took it, for some thousands of records. */
  flushEnded(): readonly number[] {
    const visible = this.#flushingSince;
    this.#flushing = new Map();
    this.#flushingSince = [];
    return visible;
  }

  /** The events of one project, or of all. */
  count(projectId: string | undefined): number {
    let sum = 0;
    for (const events of [this.#waiting, this.#flushing]) {
      if (projectId !== undefined) sum += events.get(projectId) ?? 0;
      else for (const count of events.values()) sum += count;
    }
    return sum;
  }
}
