/** Allows so many in any second. */
export class Allowance {
  readonly #perSecond: number;
  readonly #used: { readonly atMs: number; readonly count: number }[] = [];

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many may be used at `nowMs`, by a clock that never goes back. */
  left(nowMs: number): number {
    while (this.#used.length > 0 && this.#used[0]!.atMs <= nowMs - 1_000) this.#used.shift();
    return this.#perSecond - this.#used.reduce((sum, { count }) => sum + count, 0);
  }

  use(count: number, nowMs: number): void {
    if (count > 0) this.#used.push({ atMs: nowMs, count });
  }
}
