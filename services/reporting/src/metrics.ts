import type { Meter } from "@opentelemetry/api";

/** What reporting tells about itself. */
export type ReportingMetrics = {
  queryEnded(seconds: number): void;
  watchBegan(): void;
  watchEnded(): void;
  /** A watched question was answered again. */
  answeredAgain(seconds: number): void;
};

/** Makes reporting's metrics. */
export function createMetrics(meter: Meter): ReportingMetrics {
  const queries = meter.createHistogram("millrace_reporting_query_duration", {
    unit: "s",
    description: "How long questions took.",
  });
  const watches = meter.createUpDownCounter("millrace_reporting_watches", { description: "Questions being watched." });
  const again = meter.createHistogram("millrace_reporting_watch_answer_duration", {
    unit: "s",
    description: "How long watched questions took to be answered again.",
  });
  return {
    queryEnded: (seconds) => queries.record(seconds),
    watchBegan: () => watches.add(1),
    watchEnded: () => watches.add(-1),
    answeredAgain: (seconds) => again.record(seconds),
  };
}
