/** Counts roughly how many bytes blocks hold in memory, over all partitions of a process, against a limit (P5). */
export class MemoryBudget {
  readonly limitBytes: number;
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

  add(bytes: number): void {
    this.#used += bytes;
  }
}
