/** Calls a function at once, then for all calls within the pause once more at its end. */
export class Throttle {
  readonly #call: () => void;
  readonly #pauseMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;

  constructor(call: () => void, pauseMs: number) {
    this.#call = call;
    this.#pauseMs = pauseMs;
  }

  /** Wants the function called. */
  want(): void {
    if (this.#timer !== undefined) {
      this.#wanted = true;
      return;
    }
    this.#call();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#wanted) return;
      this.#wanted = false;
      this.want();
    }, this.#pauseMs);
  }

  /** Forgets what is wanted. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = false;
  }
}
