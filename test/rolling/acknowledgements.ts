/** When events were acknowledged: how long nothing came, and how many there were at a moment. */

const EVERY_MS = 10;

/** What a load is asked for. */
export type Acknowledging = {
  readonly name: string;
  readonly account: { readonly acknowledged: number; readonly sent: number };
};

type Course = {
  readonly load: Acknowledging;
  /** By rising time: from when on so many were known to be acknowledged. */
  readonly atMs: number[];
  readonly counts: number[];
  lastMs: number;
  longestGapMs: number;
};

/** Looks at loads every 10 ms, from when it is made until it is stopped. */
export class Acknowledgements {
  readonly #courses: readonly Course[];
  readonly #all: { lastMs: number; longestGapMs: number };
  readonly #timer: NodeJS.Timeout;

  constructor(loads: readonly Acknowledging[]) {
    const lastMs = performance.now();
    this.#courses = loads.map((load) => ({ load, atMs: [], counts: [], lastMs, longestGapMs: 0 }));
    this.#all = { lastMs, longestGapMs: 0 };
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** How many events of a load are known to have been acknowledged before a moment in epoch milliseconds. */
  before(name: string, momentMs: number): number {
    const course = this.#courses.find(({ load }) => load.name === name);
    const index = course?.atMs.findLastIndex((atMs) => atMs < momentMs) ?? -1;
    return course?.counts[index] ?? 0;
  }

  /** Looks no more. Gives the longest time without an acknowledgement in milliseconds: of all loads together, and of each. */
  stop(): { readonly all: number; readonly each: ReadonlyMap<string, number> } {
    clearInterval(this.#timer);
    this.#look();
    const each = new Map(this.#courses.map(({ load, longestGapMs }) => [load.name, Math.round(longestGapMs)]));
    return { all: Math.round(this.#all.longestGapMs), each };
  }

  #look(): void {
    const nowMs = performance.now();
    let hasNews = false;
    for (const course of this.#courses) {
      const { acknowledged } = course.load.account;
      course.longestGapMs = Math.max(course.longestGapMs, nowMs - course.lastMs);
      if (acknowledged === (course.counts.at(-1) ?? 0)) continue;
      course.atMs.push(Date.now());
      course.counts.push(acknowledged);
      course.lastMs = nowMs;
      hasNews = true;
    }
    this.#all.longestGapMs = Math.max(this.#all.longestGapMs, nowMs - this.#all.lastMs);
    if (hasNews) this.#all.lastMs = nowMs;
  }
}
