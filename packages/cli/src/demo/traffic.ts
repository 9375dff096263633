import { randomOf } from "./random.ts";
import { rhythm } from "./rhythm.ts";
import { type DemoEvent, VISIT_MS_MAX, visitOf } from "./visit.ts";

/** How much traffic there is. */
export type TrafficOptions = {
  /** Another seed makes another site's traffic. */
  readonly seed: string;
  /** Events a second, on average over a week; more than 0, at most `RATE_MAX`. */
  readonly rate: number;
};

const MINUTE_MS = 60_000;

/** How many events a visit has on average; a test keeps it true. */
export const EVENTS_PER_VISIT = 2.9;

/**
 * Traffic as it happens to a web site, as a pure function of seed and time: the same minute always has the same visits, with
 * the same ids, whenever and from wherever it is asked for. A higher rate adds visits to those of a lower one.
 */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #fromMs: number;
  /** The first minute whose visits were not made yet. */
  #minute: number;
  /** Events to come of visits that have begun, by time. */
  #pending: DemoEvent[] = [];

  /** @param fromMs the time of the first event, inclusive; visits that began before are under way then */
  constructor(options: TrafficOptions, fromMs: number) {
    this.#options = options;
    this.#fromMs = fromMs;
    this.#minute = Math.floor((fromMs - VISIT_MS_MAX - MINUTE_MS) / MINUTE_MS);
  }

  /** The events up to a time, exclusive, that were not given yet: in the order of their times. */
  until(endMs: number): readonly DemoEvent[] {
    let grew = false;
    while (this.#minute * MINUTE_MS < endMs) {
      for (const event of this.#visitsOf(this.#minute)) if (event.timeMs >= this.#fromMs) this.#pending.push(event);
      this.#minute += 1;
      grew = true;
    }
    if (grew) this.#pending.sort(byTime);
    let count = this.#pending.findIndex(({ timeMs }) => timeMs >= endMs);
    if (count === -1) count = this.#pending.length;
    return this.#pending.splice(0, count);
  }

  *#visitsOf(minute: number): Generator<DemoEvent> {
    const { seed, rate } = this.#options;
    const startMs = minute * MINUTE_MS;
    const expected = ((rate * MINUTE_MS) / 1_000 / EVENTS_PER_VISIT) * rhythm(startMs);
    // A fraction of a visit is a visit in that part of the minutes.
    const count = Math.floor(expected + randomOf(`${seed}/minute/${minute}`)());
    for (let number = 0; number < count; number++) {
      const name = `${minute}/${number}`;
      const at = randomOf(`${seed}/start/${name}`)();
      yield* visitOf(seed, name, startMs + Math.floor(at * MINUTE_MS));
    }
  }
}

/** Of the same moment the id decides, so that the order is one. */
function byTime(a: DemoEvent, b: DemoEvent): number {
  return a.timeMs - b.timeMs || (a.eventId < b.eventId ? -1 : 1);
}
