/** How many retries there may be. */
export type RetryBudgetLimits = {
  /** Retries that may come at once, after a time without any. */
  readonly burst: number;
  /** What an attempt that went well earns, in retries. */
  readonly perSuccess: number;
  /** What time earns, in retries a second: the rate against a server that never answers. */
  readonly perSecond: number;
};

/**
 * A token bucket for retries: they are a bounded part of what goes well, so that many clients together do not keep a
 * server down. A retry over the budget waits; it is never given up.
 */
export class RetryBudget {
  readonly #limits: RetryBudgetLimits;
  #tokens: number;
  #atMs: number;

  constructor(limits: RetryBudgetLimits, nowMs: number) {
    this.#limits = limits;
    this.#tokens = limits.burst;
    this.#atMs = nowMs;
  }

  /** Earns for an attempt that went well. */
  deposit(): void {
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + this.#limits.perSuccess);
  }

  /** Takes a retry that is not worth waiting for: false, and nothing is taken, when it is over the budget now. */
  take(nowMs: number): boolean {
    this.#earn(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes a retry; gives for how many milliseconds it must wait, 0 when it is within the budget. */
  withdraw(nowMs: number): number {
    this.#earn(nowMs);
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#limits.perSecond) * 1000;
  }

  #earn(nowMs: number): void {
    const { burst, perSecond } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
  }
}
