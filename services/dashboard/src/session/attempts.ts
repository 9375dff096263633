import { Failure } from "@millrace/failure";
import { networkOf } from "./network-of.ts";

const WINDOW_MS = 60_000;
const ATTEMPTS_PER_NETWORK_MAX = 10;
/** Of more, that which was first seen is forgotten. Nobody is kept out because of what others do. */
const NETWORKS_MAX = 1_000;

/**
 * Counts attempts in windows of one minute, by whoever holds a network ({@link networkOf}). Tokens can't be guessed at any
 * rate; this keeps those who try from costing anything.
 */
export class Attempts {
  readonly #now: () => number;
  readonly #byNetwork = new Map<string, number>();
  #windowStartMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts an attempt before its outcome is known, so that many at once are as many as one after the other. Fails with
   * `exhausted` (ATTEMPTS_EXCEEDED), saying for how long, where there were too many.
   *
   * @returns what takes it back, for an attempt that did not fail
   */
  begin(address: string): () => void {
    const nowMs = this.#now();
    this.#turn(nowMs);
    const network = networkOf(address);
    const count = this.#byNetwork.get(network) ?? 0;
    if (count >= ATTEMPTS_PER_NETWORK_MAX) {
      const retryAfterMs = this.#windowStartMs + WINDOW_MS - nowMs;
      const message = `too many attempts with wrong tokens; the next in ${Math.ceil(retryAfterMs / 1000)} seconds`;
      throw new Failure("exhausted", "ATTEMPTS_EXCEEDED", message, { retryAfterMs });
    }
    if (count === 0 && this.#byNetwork.size >= NETWORKS_MAX) {
      this.#byNetwork.delete(this.#byNetwork.keys().next().value!);
    }
    this.#byNetwork.set(network, count + 1);
    return () => this.#takeBack(network);
  }

  #takeBack(network: string): void {
    const count = this.#byNetwork.get(network) ?? 0;
    if (count > 1) this.#byNetwork.set(network, count - 1);
    else this.#byNetwork.delete(network);
  }

  #turn(nowMs: number): void {
    if (nowMs >= this.#windowStartMs && nowMs < this.#windowStartMs + WINDOW_MS) return;
    this.#windowStartMs = nowMs;
    this.#byNetwork.clear();
  }
}
