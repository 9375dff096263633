import { cancelled } from "./with-signal.ts";

const FIRST_MS = 100;

/**
 * Pauses between attempts, with full jitter: each is random from 0 up to a bound that doubles from 100 ms. Without the
 * jitter every service would come back at the same moment, and push a config that has just started over again.
 */
export class Backoff {
  readonly #maxMs: number;
  readonly #random: () => number;
  #boundMs = FIRST_MS;

  /**
   * @param maxMs the greatest bound
   * @param random gives numbers in [0, 1)
   */
  constructor(maxMs: number, random: () => number) {
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Starts over from the shortest pause. */
  reset(): void {
    this.#boundMs = FIRST_MS;
  }

  /**
   * Pauses.
   *
   * @throws Failure `cancelled` at once when the signal aborts
   */
  pause(signal: AbortSignal): Promise<void> {
    const bound = Math.min(this.#boundMs, this.#maxMs);
    this.#boundMs = bound * 2;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(cancelled(signal));
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(cancelled(signal));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, this.#random() * bound);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
