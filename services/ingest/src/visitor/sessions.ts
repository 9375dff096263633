import { createHash, randomBytes } from "node:crypto";
import type { Cache } from "@millrace/cache";
import { daySessionOf, PSEUDONYM_LENGTH, sessionIdFrom } from "./pseudonym.ts";

/** A session ends when its visitor sent nothing for so long. */
export const SESSION_IDLE_MS = 30 * 60_000;

/** Whoever waits for an answer does not wait longer than this for a session. */
const LOOKUP_TIMEOUT_MS = 100;
const RANDOM_BYTES = 16;

/**
 * The sessions of visitors, which live in the cache for as long as their visitors send something. Without the cache a
 * session is the visitor's day: coarser, and never wrong in what it counts.
 */
export class Sessions {
  readonly #cache: Cache | undefined;
  /** Lookups under way, so that a visitor's first requests, which come together, begin one session. */
  readonly #pending = new Map<string, Promise<string | undefined>>();

  constructor(cache: Cache | undefined) {
    this.#cache = cache;
  }

  /**
   * The session id of a visitor who sends something now. Never fails.
   *
   * @param visitor the bytes of the visitor's id: at most 128
   */
  async of(projectId: string, visitor: Uint8Array, nowMs: number): Promise<string> {
    const cache = this.#cache;
    if (cache === undefined) return daySessionOf(projectId, visitor, nowMs);
    const key = keyOf(projectId, visitor);
    const found = await (this.#pending.get(key) ?? this.#look(cache, key));
    return found ?? daySessionOf(projectId, visitor, nowMs);
  }

  #look(cache: Cache, key: string): Promise<string | undefined> {
    const signal = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
    const looking = cache.get(key, { signal }).then(
      (value) =>
        isSessionId(value) ? Buffer.from(value).toString("latin1") : sessionIdFrom(randomBytes(RANDOM_BYTES)),
      () => undefined,
    );
    this.#pending.set(key, looking);
    void looking
      .then((id) =>
        id === undefined ? undefined : cache.set(key, Buffer.from(id, "latin1"), SESSION_IDLE_MS, { signal }),
      )
      // It counts as a session of its own then, as it does when the cache loses it.
      .catch(() => {})
      .finally(() => this.#pending.delete(key));
    return looking;
  }
}

function isSessionId(value: Uint8Array | undefined): value is Uint8Array {
  return value !== undefined && value.length === PSEUDONYM_LENGTH;
}

/** A hash, so that keys are short, and the cache learns no id. */
function keyOf(projectId: string, visitor: Uint8Array): string {
  return `session/${createHash("sha256").update(`${projectId}\0`).update(visitor).digest("base64url")}`;
}
