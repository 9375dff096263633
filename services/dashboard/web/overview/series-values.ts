import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { bucketTimes, epochsOf } from "../answer/bucket-times.ts";
import { metricsOf } from "../answer/value.ts";
import type { KeyNumber } from "./key-number.ts";

/** A number over time, as a chart wants it. */
export type SeriesValues = {
  /** The beginnings of the buckets. */
  readonly times: readonly string[];
  /** Null for buckets that have not begun. */
  readonly now: readonly (number | null)[];
  /** Undefined without a comparison. */
  readonly before: readonly (number | null)[] | undefined;
  /** How many buckets are over. */
  readonly complete: number;
};

/** Takes a number's values out of an answer by time. `nowMs` is in epoch milliseconds. */
export function seriesValues(result: Result, number: KeyNumber, nowMs: number): SeriesValues {
  const times = bucketTimes(result);
  const begins = epochsOf(times);
  const end = result.timeRange?.endTime === undefined ? nowMs : timestampMs(result.timeRange.endTime);
  const now = result.rows.map((row, index) => (begins[index]! > nowMs ? null : number.valueOf(metricsOf(result, row))));
  const isCompared = result.columns.some(({ role }) => role === Role.COMPARISON);
  const before = isCompared
    ? result.rows.map((row) => number.valueOf(metricsOf(result, row, Role.COMPARISON)))
    : undefined;
  const complete = begins.filter((_, index) => (begins[index + 1] ?? end) <= nowMs).length;
  return { times, now, before, complete };
}
