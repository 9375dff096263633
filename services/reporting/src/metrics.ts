import type { Meter } from "@opentelemetry/api";

/** What reporting tells about itself. */
export type ReportingMetrics = {
  queryEnded(seconds: number): void;
  watchBegan(): void;
  watchEnded(): void;
  /** A watched question was answered again. */
  answeredAgain(seconds: number): void;
  tailBegan(): void;
  tailEnded(): void;
  /** A tail was sent events, and told of others that were left out. */
  tailSent(events: number, skipped: number): void;
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
  const tails = meter.createUpDownCounter("millrace_reporting_tails", { description: "Projects being tailed." });
  const tailed = meter.createCounter("millrace_reporting_tail_events_total", {
    description: "Events that tails were sent, and those that they were told were left out.",
  });
  return {
    queryEnded: (seconds) => queries.record(seconds),
    watchBegan: () => watches.add(1),
    watchEnded: () => watches.add(-1),
    answeredAgain: (seconds) => again.record(seconds),
    tailBegan: () => tails.add(1),
    tailEnded: () => tails.add(-1),
    tailSent(events, skipped) {
      if (events > 0) tailed.add(events, { outcome: "sent" });
      if (skipped > 0) tailed.add(skipped, { outcome: "left_out" });
    },
  };
}
