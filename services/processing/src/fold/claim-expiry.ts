import type { ClaimStore } from "@millrace/cache";

/** Claims are looked through for expired ones this often. */
const EXPIRE_CLAIMS_MS = 60_000;

/** Each time, the store is asked at most this often to forget some more. */
const EXPIRE_CALLS_MAX = 100;

type Deps = {
  readonly claims: ClaimStore;
  /** Up to when every partition has folded and stored, in epoch milliseconds. */
  readonly foldedMs: () => number;
  readonly log: { warn(fields: object, message: string): void };
};

/**
 * P6: claims are needed until the partition that is furthest behind has passed them, so the log's time decides when they
 * are forgotten.
 */
export class ClaimExpiry {
  readonly #deps: Deps;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.#expire(), EXPIRE_CLAIMS_MS).unref();
  }

  /** Looks no more. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #expire(): Promise<void> {
    const { claims, foldedMs, log } = this.#deps;
    const oldest = foldedMs();
    try {
      for (let calls = 0; calls < EXPIRE_CALLS_MAX && this.#timer !== undefined; calls++) {
        if ((await claims.expire(oldest)) === 0) return;
      }
    } catch (error) {
      log.warn({ err: error }, "could not expire claims");
    }
  }
}
