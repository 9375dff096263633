const PORTION_EVENTS_MIN = 256;
const PORTION_EVENTS_MAX = 16_384;

/** What an event adds to the blocks of all tiers when it meets none of its cells there, roughly. */
const EVENT_BYTES = 16_384;

/** Counts roughly how many bytes blocks hold in memory, over all partitions of a process, against a limit (P5). */
export class MemoryBudget {
  readonly limitBytes: number;
  /** How many blocks are held, and how many cells those of them have that are open. */
  blockCount = 0;
  cellCount = 0;
  #used = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** True when clean blocks should be forgotten. */
  get exceeded(): boolean {
    return this.#used > this.limitBytes;
  }

  /** True when so much waits to be stored that folding must wait. */
  get exhausted(): boolean {
    return this.#used > this.limitBytes * 1.25;
  }

  /** How many events are folded before memory is looked at again. */
  get portionEvents(): number {
    return Math.max(PORTION_EVENTS_MIN, Math.min(PORTION_EVENTS_MAX, Math.floor(this.limitBytes / EVENT_BYTES)));
  }

  add(bytes: number): void {
    this.#used += bytes;
  }
}
