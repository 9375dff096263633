import { setTimeout as delay } from "node:timers/promises";

/** Lets so many a second pass, evenly: what passed late is not made up for. */
export class Pacer {
  readonly #perSecond: number;
  readonly #clock: { now(): number };
  #freeMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, clock: { now(): number }) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /**
   * Resolves when `count` more may pass.
   *
   * @throws the signal's reason when it aborts
   */
  async pass(count: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nowMs = this.#clock.now();
    const waitMs = this.#freeMs - nowMs;
    this.#freeMs = Math.max(nowMs, this.#freeMs) + (count / this.#perSecond) * 1_000;
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
  }
}
