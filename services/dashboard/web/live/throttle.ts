/** For each millisecond that the work takes, others have three. */
const REST = 3;

/**
 * Does some work at once, then for all that is wanted meanwhile once more after a pause: at least the one given, and
 * longer after work that took long.
 */
export class Throttle {
  readonly #work: () => Promise<unknown>;
  readonly #pauseMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isBusy = false;
  #isWanted = false;

  constructor(work: () => Promise<unknown>, pauseMs: number) {
    this.#work = work;
    this.#pauseMs = pauseMs;
  }

  /** Wants the work done. */
  want(): void {
    if (this.#isBusy) {
      this.#isWanted = true;
      return;
    }
    this.#isBusy = true;
    void this.#run();
  }

  /** Forgets what is wanted. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isBusy = false;
    this.#isWanted = false;
  }

  async #run(): Promise<void> {
    const beganMs = performance.now();
    await this.#work().catch(() => undefined);
    const tookMs = performance.now() - beganMs;
    if (!this.#isBusy) return;
    this.#timer = setTimeout(() => this.#rested(), Math.max(this.#pauseMs - tookMs, REST * tookMs));
  }

  #rested(): void {
    this.#isBusy = false;
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.want();
  }
}
