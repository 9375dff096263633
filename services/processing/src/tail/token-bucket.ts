/** Grants so many a second, and at once what was not asked for within the last second. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #nowMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#nowMs = nowMs;
  }

  /** How many can be had now; not above zero while more was taken than granted. */
  left(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.#nowMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#nowMs = nowMs;
    return this.#tokens;
  }

  take(count: number): void {
    this.#tokens -= count;
  }
}
