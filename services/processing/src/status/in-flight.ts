/**
 * How many events of each project are folded in memory and not stored in the finest tier yet. They are few: the tier is
 * flushed several times a second. While a restart catches up, events that had been stored may be among them.
 */
export class InFlight {
  #waiting = new Map<string, number>();
  #flushing = new Map<string, number>();

  /** Counts events that were folded. */
  add(projectId: string, events: number): void {
    this.#waiting.set(projectId, (this.#waiting.get(projectId) ?? 0) + events);
  }

  /** A flush takes all that was folded so far. */
  flushBegan(): void {
    this.#flushing = this.#waiting;
    this.#waiting = new Map();
  }

  /** What the flush took is stored. */
  flushEnded(): void {
    this.#flushing = new Map();
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
