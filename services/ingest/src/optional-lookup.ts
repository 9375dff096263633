/** After a failure one lookup in so much time tries again, and nobody waits for it. */
const PAUSE_MS = 1_000;

/**
 * Looks something up that an answer can do without, in bounded time: whoever waits for an acknowledgement neither waits
 * for a store that hangs, nor longer than before while it is away.
 */
export class OptionalLookup {
  readonly #timeoutMs: number;
  readonly #now: () => number;
  #nextMs: number | undefined;

  /**
   * @param timeoutMs how long one lookup may take
   * @param now in milliseconds, never going back
   */
  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** What is found, or undefined if that can't be had now. Never fails. */
  async find<T>(look: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (this.#nextMs === undefined) return this.#try(look);
    if (this.#now() >= this.#nextMs) {
      this.#nextMs = this.#now() + PAUSE_MS;
      void this.#try(look);
    }
    return undefined;
  }

  async #try<T>(look: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", reject, { once: true });
    try {
      // Not every store heeds the signal once it has begun.
      const found = await Promise.race([look(signal), promise]);
      this.#nextMs = undefined;
      return found;
    } catch {
      this.#nextMs = this.#now() + PAUSE_MS;
      return undefined;
    } finally {
      signal.removeEventListener("abort", reject);
    }
  }
}
