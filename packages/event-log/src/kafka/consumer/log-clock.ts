/**
 * Bounds the brokers' clocks from below, so that an idle partition can be said to have no record up to some moment. Brokers
 * stamp records and tell their time in no other way, so it is this machine's clock less what the two may differ; the
 * allowance grows as soon as a record proves it too small.
 */
export class LogClock {
  #skewMs: number;
  readonly #now: () => number;

  /** @param skewMs how far this machine's clock may be ahead of a broker's */
  constructor(skewMs: number, now: () => number) {
    this.#skewMs = skewMs;
    this.#now = now;
  }

  /** This machine's clock, in epoch milliseconds. */
  now(): number {
    return this.#now();
  }

  /** A moment, in epoch milliseconds, that no broker's clock had yet to reach when this machine's was at `localMs`. */
  reachedAt(localMs: number): number {
    return localMs - this.#skewMs;
  }

  /**
   * A record was appended after the moment when this machine's clock was at `localMs`.
   *
   * @returns true when the allowance was too small, and grew
   */
  appendedAfter(localMs: number, appendTimeMs: number): boolean {
    if (appendTimeMs >= this.reachedAt(localMs)) return false;
    this.#skewMs = localMs - appendTimeMs + MARGIN_MS;
    return true;
  }
}

const MARGIN_MS = 100;
