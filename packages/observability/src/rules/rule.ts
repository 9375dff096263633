import type { MetricSource } from "@millrace/telemetry";

/**
 * How urgent an alert is. critical: somebody is called, now. warning: somebody looks at it on the same day. info: shown
 * beside other alerts, and sent to nobody.
 */
export type Severity = "critical" | "warning" | "info";

/** What an alert is called. */
export type AlertName = `Millrace${string}`;

/** An alert. docs/runbooks.md has a section of its name: what it means, how to look, what to do. */
export type Alert = {
  readonly name: AlertName;
  readonly severity: Severity;
  /** For how long it must hold before anybody is told. */
  readonly for: string;
  /** What holds, in PromQL. Its labels are those of the alert. */
  readonly expr: string;
  /** One line, for a list. `{{ $value }}` and `{{ $labels.name }}` are written as Prometheus does. */
  readonly summary: string;
  /** What follows from it for those who send events and ask questions. */
  readonly description: string;
  /** Whose dashboard shows it; without one, the overview. */
  readonly service?: MetricSource;
};

/** Something that is asked often enough to be kept. */
export type Recording = { readonly record: string; readonly expr: string };

/** Rules that are looked at together, one after the other. */
export type RuleGroup = { readonly name: string; readonly rules: readonly (Alert | Recording)[] };
