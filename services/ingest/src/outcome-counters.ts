import type { Counter, Meter } from "@opentelemetry/api";

const PROJECTS_MAX = 100;

/**
 * Counts events by outcome, reason and project. The first 100 projects have a label of their own; later ones count as
 * "other", so that the number of series is bounded.
 */
export class OutcomeCounters {
  readonly #events: Counter;
  readonly #late: Counter;
  readonly #unknownVisitors: Counter;
  readonly #projects = new Set<string>();

  constructor(meter: Meter) {
    this.#events = meter.createCounter("millrace_ingest_events", {
      description: "Events by what became of them: accepted (durable), duplicate, rejected or retry.",
    });
    this.#late = meter.createCounter("millrace_ingest_late_events", {
      description: "Accepted events that came after their project's late window.",
    });
    this.#unknownVisitors = meter.createCounter("millrace_ingest_unknown_visitors", {
      description: "Events of web pages without a visitor, since the day's secret or the address was not known.",
    });
  }

  /** Counts events that became durable; `late` of them are stamped late. */
  accepted(projectId: string, count: number, late: number): void {
    const project = this.#label(projectId);
    this.#events.add(count, { outcome: "accepted", reason: "", project });
    if (late > 0) this.#late.add(late, { project });
  }

  /** Counts events that were not accepted. */
  refused(projectId: string, outcome: "duplicate" | "rejected" | "retry", reason: string, count: number): void {
    this.#events.add(count, { outcome, reason, project: this.#label(projectId) });
  }

  /** Counts events of web pages whose visitor can't be told. */
  visitorUnknown(projectId: string, count: number): void {
    this.#unknownVisitors.add(count, { project: this.#label(projectId) });
  }

  #label(projectId: string): string {
    if (this.#projects.has(projectId)) return projectId;
    if (this.#projects.size >= PROJECTS_MAX) return "other";
    this.#projects.add(projectId);
    return projectId;
  }
}
