import { Failure } from "@millrace/failure";

const RETRY_AFTER_MS = 500;

/**
 * The bytes of requests that this process holds, from before they are read until they are durable and answered. What
 * would go over the bound is refused, or waits unread, so that memory never grows with the load.
 */
export class Admission {
  readonly maxBytes: number;
  #bytes = 0;
  #waiting: { readonly bytes: number; readonly admit: () => void }[] = [];

  /** @param maxBytes the bound; it must be at least the size of the largest single request */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** How many bytes are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes `bytes`, or gives false when there is no room, or somebody waits for it already. */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || this.#bytes + bytes > this.maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Takes `bytes`, or fails with `exhausted` (OVERLOADED) at once. */
  take(bytes: number): void {
    if (!this.tryTake(bytes)) throw overloaded();
  }

  /** Takes `bytes` when there is room, first come, first served. Rejects with the signal's reason when it aborts. */
  whenRoom(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.tryTake(bytes)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(signal.reason);
        this.#admitNext();
      };
      const entry = {
        bytes,
        admit: () => {
          signal.removeEventListener("abort", abandon);
          resolve();
        },
      };
      if (signal.aborted) return reject(signal.reason);
      this.#waiting.push(entry);
      signal.addEventListener("abort", abandon, { once: true });
    });
  }

  /** Gives back what was taken. */
  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#admitNext();
  }

  #admitNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#bytes + next.bytes > this.maxBytes) return;
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.admit();
    }
  }
}

/** The failure of a call that there is no room for. */
export function overloaded(): Failure {
  const message = "More events are in flight than this server takes; try again later.";
  return new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: RETRY_AFTER_MS });
}
