import { Failure } from "@millrace/failure";

const WINDOW_MS = 60_000;
const FAILURES_PER_ADDRESS_MAX = 10;
/** Many addresses together; this also bounds how many are remembered. */
const FAILURES_MAX = 300;

/**
 * Counts failed attempts in windows of one minute, by address and in all. Tokens can't be guessed at any rate; this keeps
 * those who try from costing anything.
 */
export class Attempts {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, number>();
  #count = 0;
  #windowStartMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Fails with `exhausted` (ATTEMPTS_EXCEEDED), saying for how long, while too many attempts have failed. */
  check(address: string): void {
    const nowMs = this.#now();
    this.#turn(nowMs);
    if ((this.#byAddress.get(address) ?? 0) < FAILURES_PER_ADDRESS_MAX && this.#count < FAILURES_MAX) return;
    const retryAfterMs = this.#windowStartMs + WINDOW_MS - nowMs;
    const message = `too many attempts with wrong tokens; the next in ${Math.ceil(retryAfterMs / 1000)} seconds`;
    throw new Failure("exhausted", "ATTEMPTS_EXCEEDED", message, { retryAfterMs });
  }

  /** Counts a failed attempt. */
  failed(address: string): void {
    this.#turn(this.#now());
    this.#count += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
  }

  #turn(nowMs: number): void {
    if (nowMs >= this.#windowStartMs && nowMs < this.#windowStartMs + WINDOW_MS) return;
    this.#windowStartMs = nowMs;
    this.#count = 0;
    this.#byAddress.clear();
  }
}
