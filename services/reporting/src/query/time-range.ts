import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type AbsoluteRange,
  type RelativeRange,
  type TimeRange,
  RelativeRange_Unit as Unit,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import { type CalendarUnit, type Range, relativeRange } from "@millrace/rollup";

const MINUTE_SECONDS = 60n;
const YEARS_MAX = 100;
const RANGE_MS_MAX = YEARS_MAX * 366 * 86_400_000;
const EARLIEST_MS = 0;
const LATEST_MS = Date.UTC(2200, 0, 1);

const UNITS: Readonly<Partial<Record<Unit, CalendarUnit>>> = {
  [Unit.MINUTE]: "minute",
  [Unit.HOUR]: "hour",
  [Unit.DAY]: "day",
  [Unit.WEEK]: "week",
  [Unit.MONTH]: "month",
};

/** The range that is asked about, and the unit of a relative one. */
export type ResolvedRange = { readonly range: Range; readonly unit?: CalendarUnit };

/**
 * Says which moments a question is about.
 *
 * @param zone the time zone of relative ranges
 * @param now in epoch milliseconds
 * @throws Failure `invalid` (TIME_RANGE_INVALID)
 */
export function resolveRange(timeRange: TimeRange | undefined, zone: string, now: number): ResolvedRange {
  const kind = timeRange?.kind;
  switch (kind?.case) {
    case "absolute":
      return { range: checked(absolute(kind.value), "query.time_range.absolute") };
    case "relative":
      return relative(kind.value, zone, now);
    default:
      throw invalid("query.time_range", "is required: absolute, from one moment to another, or relative, up to now");
  }
}

function absolute({ startTime, endTime }: AbsoluteRange): Range {
  const path = "query.time_range.absolute";
  const start = wholeMinute(startTime, `${path}.start_time`);
  const end = wholeMinute(endTime, `${path}.end_time`);
  if (start < end) return { start, end };
  throw invalid(`${path}.end_time`, `must be after start_time, ${new Date(start).toISOString()}`);
}

function relative({ last, unit }: RelativeRange, zone: string, now: number): ResolvedRange {
  const path = "query.time_range.relative";
  const calendarUnit = UNITS[unit];
  if (calendarUnit === undefined) throw invalid(`${path}.unit`, "must be MINUTE, HOUR, DAY, WEEK or MONTH");
  if (last < 1) throw invalid(`${path}.last`, "must be at least 1: the last 1 day is today");
  return { range: checked(relativeRange(zone, now, last, calendarUnit), path), unit: calendarUnit };
}

function checked(range: Range, path: string): Range {
  if (range.end - range.start > RANGE_MS_MAX) throw invalid(path, `must be no longer than ${YEARS_MAX} years`);
  return range;
}

function wholeMinute(time: Timestamp | undefined, path: string): number {
  if (time === undefined) throw invalid(path, "is required");
  const ms = Number(time.seconds) * 1000;
  if (!(ms >= EARLIEST_MS && ms <= LATEST_MS)) throw invalid(path, "must be between 1970 and 2200");
  if (time.nanos === 0 && time.seconds % MINUTE_SECONDS === 0n) return ms;
  const nearest = new Date(Math.round((ms + time.nanos / 1e6) / 60_000) * 60_000).toISOString();
  throw invalid(path, `must be a whole minute, such as ${nearest}`);
}

function invalid(path: string, problem: string): Failure {
  return Failure.invalidField(path, problem, "TIME_RANGE_INVALID");
}
