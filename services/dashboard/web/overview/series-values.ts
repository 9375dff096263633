import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { bucketTimes, epochsOf } from "../answer/bucket-times.ts";
import { metricsOf } from "../answer/value.ts";
import type { KeyNumber } from "./key-number.ts";

/** A number over time, as a chart wants it. */
export type SeriesValues = {
  /** The beginnings of the buckets. */
  readonly times: readonly string[];
  /** Null for buckets that have not begun, and for those before anything was measured. */
  readonly now: readonly (number | null)[];
  /** Undefined without a comparison, and where there was nothing before. */
  readonly before: readonly (number | null)[] | undefined;
  /** How many buckets are over. */
  readonly complete: number;
};

/**
 * Takes a number's values out of an answer by time. Both moments are in epoch milliseconds.
 *
 * @param sinceMs when the project was made: zeros before it, and before anything else, are no values
 */
export function seriesValues(result: Result, number: KeyNumber, nowMs: number, sinceMs: number): SeriesValues {
  const times = bucketTimes(result);
  const begins = epochsOf(times);
  const end = result.timeRange?.endTime === undefined ? nowMs : timestampMs(result.timeRange.endTime);
  const now = result.rows.map((row, index) => (begins[index]! > nowMs ? null : number.valueOf(metricsOf(result, row))));
  const measured = begins.findIndex((_, index) => (begins[index + 1] ?? end) > sinceMs || isSome(now[index]));
  const isCompared = result.columns.some(({ role }) => role === Role.COMPARISON);
  const before = isCompared
    ? result.rows.map((row) => number.valueOf(metricsOf(result, row, Role.COMPARISON)))
    : undefined;
  const complete = begins.filter((_, index) => (begins[index + 1] ?? end) <= nowMs).length;
  return {
    times,
    now: now.map((value, index) => (index < measured ? null : value)),
    // Of a project that was not there before there is nothing to compare with.
    before: measured > 0 && !before?.some(isSome) ? undefined : before,
    complete,
  };
}

function isSome(value: number | null | undefined): boolean {
  return value !== null && value !== undefined && value !== 0;
}
