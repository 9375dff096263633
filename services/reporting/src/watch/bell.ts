/** Wakes the one who waits, and remembers that it was rung while nobody did. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  /** Ends the wait that is under way, or the next one at once. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits until it is rung, for `ms` at most. Throws the signal's reason when it aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung && ms > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#wake = resolve;
      signal.addEventListener("abort", resolve as () => void);
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", resolve as () => void);
      this.#wake = undefined;
    }
    this.#rung = false;
    signal.throwIfAborted();
  }
}
