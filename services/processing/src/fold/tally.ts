import { CountState, type Delta, OUTCOMES, type Outcome } from "@millrace/rollup";
import { counter } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

/** How many events had each outcome. */
export type OutcomeCounts = Record<Outcome, number>;

/** Nothing yet. */
export function noOutcomes(): OutcomeCounts {
  return { folded: 0, bot: 0, duplicate: 0, late: 0, dead_lettered: 0 };
}

/** Projects with a label of their own; later ones count as "other", so that the number of series is bounded. */
const PROJECTS_MAX = 100;

/**
 * Counts what became of events since the process started, for metrics and status. The account that survives is in the
 * blocks: the rollup "accounting".
 */
export class Tally {
  /** Since the process started, over all projects. Replays after a restart count again here, and only here. */
  readonly total: OutcomeCounts = noOutcomes();
  readonly #events;
  readonly #projects = new Set<string>();

  constructor(meter: Meter) {
    this.#events = counter(meter, "millrace.processing.events");
  }

  /** Counts the outcomes of one section of a project. */
  add(projectId: string, delta: Delta): void {
    const project = this.#label(projectId);
    for (const outcome of OUTCOMES) {
      const count = outcomeCount(delta, outcome);
      if (count === 0) continue;
      this.total[outcome] += count;
      this.#events.add(count, { "millrace.outcome": outcome, "millrace.project": project });
    }
  }

  #label(projectId: string): string {
    if (this.#projects.has(projectId)) return projectId;
    if (this.#projects.size >= PROJECTS_MAX) return "other";
    this.#projects.add(projectId);
    return projectId;
  }
}

/** How many events of a section had an outcome. */
function outcomeCount(delta: Delta, outcome: Outcome): number {
  const state = delta.outcomes[outcome]?.[0];
  return state instanceof CountState ? state.count : 0;
}
