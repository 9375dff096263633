const TOKENS_MAX = 10;
const TOKENS_A_SUCCESS = 0.1;

/**
 * Bounds repetitions to a part of what succeeds: a failure takes a token, a success gives a tenth of one back, and nothing is
 * repeated while no more than half of the 10 are there. So where everything fails, callers do not make it worse.
 *
 * The rule is that of gRPC's retry throttling (gRFC A6).
 */
export class RetryBudget {
  #tokens = TOKENS_MAX;

  succeeded(): void {
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + TOKENS_A_SUCCESS);
  }

  /** @returns whether the call may be repeated */
  failed(): boolean {
    this.#tokens = Math.max(0, this.#tokens - 1);
    return this.#tokens > TOKENS_MAX / 2;
  }
}
