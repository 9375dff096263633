import type { Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import type { Filter } from "@millrace/api/millrace/event/v1/filter_pb";
import type { CalendarUnit, Range, RangeShift, SeriesGranularity } from "@millrace/rollup";

/** A metric of a question. */
export type AskedMetric = {
  /** The name as it was asked for, such as "latency.p95". */
  readonly asked: string;
  readonly metric: Metric;
  /** Which quantile, in (0, 1). Absent for every other aggregation. */
  readonly quantile?: number;
};

/** One key of the order of rows: time, or a place in the question's dimensions or metrics. */
export type OrderKey = {
  readonly by: "time" | "dimension" | "metric";
  readonly index: number;
  readonly descending: boolean;
};

/** A question that was found to make sense, with every name and default filled in. */
export type Question = {
  readonly projectId: string;
  readonly zone: string;
  readonly metrics: readonly AskedMetric[];
  readonly dimensions: readonly string[];
  /** What was asked about, not widened to buckets yet. */
  readonly range: Range;
  /** The unit of a relative range, by which a comparison steps back. */
  readonly unit?: CalendarUnit;
  readonly granularity?: SeriesGranularity;
  readonly filter?: Filter;
  /** The dimensions that the filter reads. */
  readonly filterFields: readonly string[];
  readonly order: readonly OrderKey[];
  readonly limit: number;
  readonly comparison?: RangeShift;
};
