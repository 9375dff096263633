import { counter } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

const PROJECTS_MAX = 100;

/**
 * Counts events by outcome, reason and project. The first 100 projects have a label of their own; later ones count as
 * "other", so that the number of series is bounded.
 */
export class OutcomeCounters {
  readonly #events;
  readonly #late;
  readonly #unknownVisitors;
  readonly #projects = new Set<string>();

  constructor(meter: Meter) {
    this.#events = counter(meter, "millrace.ingest.events");
    this.#late = counter(meter, "millrace.ingest.late_events");
    this.#unknownVisitors = counter(meter, "millrace.ingest.unknown_visitors");
  }

  /** Counts events that became durable; `late` of them are stamped late. */
  accepted(projectId: string, count: number, late: number): void {
    const project = { "millrace.project": this.#label(projectId) };
    this.#events.add(count, { "millrace.outcome": "accepted", "error.type": "", ...project });
    if (late > 0) this.#late.add(late, project);
  }

  /** Counts events that were not accepted. */
  refused(projectId: string, outcome: "duplicate" | "rejected" | "retry", reason: string, count: number): void {
    const project = { "millrace.project": this.#label(projectId) };
    this.#events.add(count, { "millrace.outcome": outcome, "error.type": reason, ...project });
  }

  /** Counts events of web pages whose visitor can't be told. */
  visitorUnknown(projectId: string, count: number): void {
    this.#unknownVisitors.add(count, { "millrace.project": this.#label(projectId) });
  }

  #label(projectId: string): string {
    if (this.#projects.has(projectId)) return projectId;
    if (this.#projects.size >= PROJECTS_MAX) return "other";
    this.#projects.add(projectId);
    return projectId;
  }
}
