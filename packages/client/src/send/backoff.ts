/** How long to wait between attempts. */
export type BackoffLimits = { readonly initialMs: number; readonly maxMs: number };

/**
 * Exponential backoff with full jitter: a delay is uniform between 0 and the bound, which doubles with each failure in a
 * row. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** The delay after one more failure, in milliseconds; at least what the server asked for. */
  next(serverDelayMs = 0): number {
    const { initialMs, maxMs } = this.#limits;
    const bound = Math.min(maxMs, initialMs * 2 ** Math.min(this.#failures++, 30));
    // Jitter comes on top of what the server says, so that clients it turned away together come back apart.
    return serverDelayMs + this.#random() * bound;
  }

  /** Forgets the failures: something went well. */
  reset(): void {
    this.#failures = 0;
  }
}
