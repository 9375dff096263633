import type { Clock, Timer } from "../clock.ts";

type Waiting = { readonly atMs: number; readonly run: () => void };

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  /** What `random` gives. */
  chance = 0.5;
  #nowMs: number;
  #waiting: Waiting[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  readonly now = (): number => this.#nowMs;
  readonly elapsed = (): number => this.#nowMs;
  readonly random = (): number => this.chance;

  after(ms: number, run: () => void): Timer {
    const waiting = { atMs: this.#nowMs + ms, run };
    this.#waiting.push(waiting);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      },
    };
  }

  /** Goes on by `ms`; timers run in their order, and what they cause as far as it needs no outside. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    await settled();
    for (;;) {
      const [next] = this.#waiting.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settled();
    }
    this.#nowMs = end;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
