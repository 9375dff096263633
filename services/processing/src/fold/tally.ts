import { CountState, type Delta, OUTCOMES, type Outcome } from "@millrace/rollup";
import type { Meter } from "@opentelemetry/api";

/** How many events had each outcome. */
export type OutcomeCounts = Record<Outcome, number>;

/** Nothing yet. */
export function noOutcomes(): OutcomeCounts {
  return { folded: 0, bot: 0, duplicate: 0, late: 0, dead_lettered: 0 };
}

/**
 * Counts what became of events since the process started, for metrics and status. The account that survives is in the
 * blocks: the rollup "accounting".
 */
export class Tally {
  /** Since the process started, over all projects. Replays after a restart count again here, and only here. */
  readonly total: OutcomeCounts = noOutcomes();
  readonly #events;

  constructor(meter: Meter) {
    this.#events = meter.createCounter("millrace_processing_events_total", {
      description: "Events by what became of them, replays included.",
    });
  }

  /** Counts the outcomes of one section. */
  add(delta: Delta): void {
    for (const outcome of OUTCOMES) {
      const count = outcomeCount(delta, outcome);
      if (count === 0) continue;
      this.total[outcome] += count;
      this.#events.add(count, { outcome });
    }
  }
}

/** How many events of a section had an outcome. */
function outcomeCount(delta: Delta, outcome: Outcome): number {
  const state = delta.outcomes[outcome]?.[0];
  return state instanceof CountState ? state.count : 0;
}
