import { Failure } from "@millrace/failure";
import type { RecordNotice } from "./record-store.ts";

const MAX_WAITING = 10_000;

/**
 * What one watcher has yet to be told. Of several changes of a record only the last waits; a watcher for which more than
 * ten thousand records wait is told to begin anew, so that a slow one costs bounded memory and misses nothing unknowingly.
 */
export class NoticeQueue implements AsyncIterator<readonly RecordNotice[], undefined> {
  readonly #onEnd: () => void;
  #waiting = new Map<string, RecordNotice>();
  #state: "open" | "behind" | "ended" = "open";
  #wake: (() => void) | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(notice: RecordNotice): void {
    if (this.#state !== "open") return;
    const name = `${notice.collection}\n${notice.id}`;
    // Deleted first: the order is that of the last changes.
    this.#waiting.delete(name);
    this.#waiting.set(name, notice);
    if (this.#waiting.size > MAX_WAITING) this.#finish("behind");
    this.#wake?.();
  }

  /** Nothing more comes; what waits is dropped. */
  end(): void {
    if (this.#state === "open") this.#finish("ended");
    this.#wake?.();
  }

  /** The watcher is told to begin anew: changes may have been missed. */
  fallBehind(): void {
    if (this.#state === "open") this.#finish("behind");
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<readonly RecordNotice[], undefined>> {
    while (this.#state === "open" && this.#waiting.size === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    if (this.#state === "behind") {
      this.#state = "ended";
      throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the watcher fell behind: read everything again");
    }
    if (this.#state === "ended") return { done: true, value: undefined };
    const notices = [...this.#waiting.values()];
    this.#waiting.clear();
    return { done: false, value: notices };
  }

  async return(): Promise<IteratorResult<readonly RecordNotice[], undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  #finish(state: "behind" | "ended"): void {
    this.#state = state;
    this.#waiting.clear();
    this.#onEnd();
  }
}
