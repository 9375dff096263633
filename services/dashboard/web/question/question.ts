import type { MessageInitShape } from "@bufbuild/protobuf";
import { Comparison, type QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type Every, granularityOf } from "../time/granularity.ts";
import { absoluteRange, type Range, type Span, timeRangeOf } from "../time/range.ts";
import type { Compare, DimensionFilter } from "../url/view.ts";
import { filterOf } from "./filter.ts";

/** A question as it is sent. */
export type QueryInit = MessageInitShape<typeof QuerySchema>;

/** A question in the words of the page. Everything that asks, copies or downloads is made from it. */
export type Question = {
  readonly project: string;
  /** 1 to 20, quantiles as NAME.p95. */
  readonly metrics: readonly string[];
  /** At most 6. */
  readonly dimensions?: readonly string[];
  readonly range: Range;
  /** The IANA zone of days, buckets and the range. */
  readonly zone: string;
  readonly every?: Every;
  readonly filters?: readonly DimensionFilter[];
  readonly compare?: Compare;
  /** What the rows are ordered by: "time", a dimension or a metric. Absent: by time, then by the first metric, greatest first. */
  readonly order?: { readonly field: string; readonly descending: boolean };
  /** How many rows, or with `every` and dimensions how many series. */
  readonly limit?: number;
};

const COMPARISONS: Readonly<Record<Compare, Comparison>> = {
  none: Comparison.UNSPECIFIED,
  previous: Comparison.PREVIOUS_PERIOD,
  year: Comparison.PREVIOUS_YEAR,
};

/**
 * The query that asks a question.
 *
 * @param now in epoch milliseconds; decides which day "yesterday" is
 * @param span asked about instead of the question's range
 */
export function queryOf(question: Question, now: number, span?: Span): QueryInit {
  const filter = filterOf(question.filters ?? []);
  return {
    projectId: question.project,
    metrics: [...question.metrics],
    dimensions: [...(question.dimensions ?? [])],
    timeRange: span === undefined ? timeRangeOf(question.range, question.zone, now) : absoluteRange(span),
    timeZone: question.zone,
    ...(question.every && { granularity: granularityOf(question.every) }),
    ...(filter && { filter }),
    ...(question.order && { orderBy: [question.order] }),
    ...(question.limit !== undefined && { limit: question.limit }),
    comparison: COMPARISONS[question.compare ?? "none"],
  };
}
