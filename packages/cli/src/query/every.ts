import { Granularity, RelativeRange_Unit as Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { QueryInit } from "./build-query.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

const UNIT_S: Readonly<Record<number, number>> = {
  [Unit.MINUTE]: MINUTE_S,
  [Unit.HOUR]: HOUR_S,
  [Unit.DAY]: DAY_S,
  [Unit.WEEK]: 7 * DAY_S,
  [Unit.MONTH]: 30 * DAY_S,
};

/** The longest range, in seconds, that each granularity is for. */
const LONGEST: readonly (readonly [number, Granularity])[] = [
  [90 * MINUTE_S, Granularity.GRANULARITY_1M],
  [6 * HOUR_S, Granularity.GRANULARITY_5M],
  [18 * HOUR_S, Granularity.GRANULARITY_15M],
  [4 * DAY_S, Granularity.GRANULARITY_1H],
  [120 * DAY_S, Granularity.GRANULARITY_1D],
  [730 * DAY_S, Granularity.GRANULARITY_WEEK],
];

/** The granularity that gives a chart of some ten to a hundred values. */
export function everyFor(range: QueryInit["timeRange"]): Granularity {
  const seconds = secondsOf(range);
  return LONGEST.find(([longest]) => seconds <= longest)?.[1] ?? Granularity.GRANULARITY_MONTH;
}

const WIDTH_S: Readonly<Record<number, number>> = {
  [Granularity.GRANULARITY_1M]: MINUTE_S,
  [Granularity.GRANULARITY_5M]: 5 * MINUTE_S,
  [Granularity.GRANULARITY_15M]: 15 * MINUTE_S,
  [Granularity.GRANULARITY_1H]: HOUR_S,
  [Granularity.GRANULARITY_1D]: DAY_S,
  [Granularity.GRANULARITY_WEEK]: 7 * DAY_S,
  [Granularity.GRANULARITY_MONTH]: 30 * DAY_S,
};

/** About how many buckets a range has, at least 1. */
export function bucketsOf(range: QueryInit["timeRange"], granularity: Granularity): number {
  return Math.max(1, Math.ceil(secondsOf(range) / (WIDTH_S[granularity] ?? DAY_S)));
}

function secondsOf(range: QueryInit["timeRange"]): number {
  const kind = range?.kind;
  if (kind?.case === "relative") return (kind.value.last ?? 0) * UNIT_S[kind.value.unit ?? Unit.HOUR]!;
  if (kind?.case !== "absolute") return DAY_S;
  return Number((kind.value.endTime?.seconds ?? 0n) - (kind.value.startTime?.seconds ?? 0n));
}
