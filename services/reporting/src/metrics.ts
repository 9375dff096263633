import type { Query } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure, type FailureKind } from "@millrace/failure";
import { counter, histogram, type MetricAttributes, upDownCounter } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";

type Kind = MetricAttributes<"millrace.reporting.query.duration">["millrace.query.kind"];
type Source = MetricAttributes<"millrace.reporting.query.executions">["millrace.query.source"];
type Outcome = MetricAttributes<"millrace.reporting.query.executions">["millrace.outcome"];

/** What reporting tells about itself. */
export type ReportingMetrics = {
  /** Answers a question, and measures that: the time of queries, and for all what came of it and how much was read. */
  measured<T extends { readonly blockCount: number }>(query: Query, source: Source, work: () => Promise<T>): Promise<T>;
  watchBegan(): void;
  watchEnded(): void;
  /** A watched question was answered again. */
  answeredAgain(seconds: number): void;
  tailBegan(): void;
  tailEnded(): void;
  /** A tail was sent events, and told of others that were left out. */
  tailSent(events: number, skipped: number): void;
};

/** Failures that nobody who asks can do anything about. */
const OURS: ReadonlySet<FailureKind> = new Set(["unavailable", "unknownOutcome", "deadline", "corrupt", "internal"]);

/** Makes reporting's metrics. */
export function createMetrics(meter: Meter): ReportingMetrics {
  const duration = histogram(meter, "millrace.reporting.query.duration");
  const executions = counter(meter, "millrace.reporting.query.executions");
  const active = upDownCounter(meter, "millrace.reporting.query.active");
  const blocks = histogram(meter, "millrace.reporting.query.blocks");
  const watches = upDownCounter(meter, "millrace.reporting.watches");
  const again = histogram(meter, "millrace.reporting.watch.answer.duration");
  const tails = upDownCounter(meter, "millrace.reporting.tails");
  const tailed = counter(meter, "millrace.reporting.tail.events");
  return {
    async measured(query, source, work) {
      const kind = { "millrace.query.kind": kindOf(query) };
      const began = performance.now();
      let outcome: Outcome = "answered";
      active.add(1, {});
      try {
        const answer = await work();
        blocks.record(answer.blockCount, kind);
        return answer;
      } catch (error) {
        outcome = error instanceof Failure && !OURS.has(error.kind) ? "refused" : "failed";
        throw error;
      } finally {
        active.add(-1, {});
        if (source === "query") duration.record((performance.now() - began) / 1_000, kind);
        executions.add(1, { ...kind, "millrace.query.source": source, "millrace.outcome": outcome });
      }
    },
    watchBegan: () => watches.add(1, {}),
    watchEnded: () => watches.add(-1, {}),
    answeredAgain: (seconds) => again.record(seconds, {}),
    tailBegan: () => tails.add(1, {}),
    tailEnded: () => tails.add(-1, {}),
    tailSent(events, skipped) {
      if (events > 0) tailed.add(events, { "millrace.outcome": "sent" });
      if (skipped > 0) tailed.add(skipped, { "millrace.outcome": "left_out" });
    },
  };
}

/** The shape of what is asked for, as the caller says it: also of questions that are refused. */
function kindOf({ granularity, dimensions }: Query): Kind {
  const isSeries = granularity !== 0;
  if (dimensions.length === 0) return isSeries ? "series" : "total";
  return isSeries ? "series_breakdown" : "breakdown";
}
