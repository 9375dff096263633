import { dayStart, localDay, stretchAt } from "./zone.ts";

/** The widths of a series' buckets: those that are stored, and those that are put together from them. */
export const SERIES_GRANULARITIES = ["1m", "5m", "15m", "1h", "1d", "week", "month"] as const;

/** The width of a series' buckets. */
export type SeriesGranularity = (typeof SERIES_GRANULARITIES)[number];

/** A stretch of time, [start, end) in epoch milliseconds. */
export type Range = { readonly start: number; readonly end: number };

const WIDTH_MS = { "1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000 } as const;
const DAY_MS = 86_400_000;

/** When the local day that holds a moment starts. See `localDay` for days whose clock goes back over midnight. */
export function localDayStart(zone: string, epochMs: number): number {
  return dayStart(zone, localDay(zone, epochMs));
}

/** When the local day that holds a moment ends: the start of the next one that is not skipped. */
export function nextLocalDayStart(zone: string, epochMs: number): number {
  return localBucket(zone, "1d", epochMs).end;
}

/** When the local hour that holds a moment starts. */
export function localHourStart(zone: string, epochMs: number): number {
  return localBucket(zone, "1h", epochMs).start;
}

/** When the local week, from Monday, that holds a moment starts. */
export function localWeekStart(zone: string, epochMs: number): number {
  return dayStart(zone, mondayOf(localDay(zone, epochMs)));
}

/** When the local month that holds a moment starts. */
export function localMonthStart(zone: string, epochMs: number): number {
  return dayStart(zone, firstDayOfMonth(monthOf(localDay(zone, epochMs))));
}

/**
 * The bucket of a series that holds a moment. Buckets of one granularity never overlap and leave no gap, and each lies
 * in one local day or is made of whole ones.
 *
 * Hours and finer widths follow the wall clock. A change of the offset by whole buckets, such as summer time for hours,
 * leaves them whole: the hour that is lived twice is two buckets. Any other change cuts the bucket that it falls into.
 */
export function localBucket(zone: string, granularity: SeriesGranularity, epochMs: number): Range {
  switch (granularity) {
    case "month": {
      const month = monthOf(localDay(zone, epochMs));
      return { start: dayStart(zone, firstDayOfMonth(month)), end: dayStart(zone, firstDayOfMonth(month + 1)) };
    }
    case "week": {
      const monday = mondayOf(localDay(zone, epochMs));
      return { start: dayStart(zone, monday), end: dayStart(zone, monday + 7) };
    }
    case "1d": {
      const day = localDay(zone, epochMs);
      return { start: dayStart(zone, day), end: endOfDay(zone, day) };
    }
    default:
      return partOfDay(zone, WIDTH_MS[granularity], epochMs);
  }
}

/**
 * The buckets that cover [fromMs, toMs), in order: the first holds `fromMs`, the last the moment before `toMs`. None
 * when the range is empty. The caller bounds how many it takes.
 */
export function* localBuckets(
  zone: string,
  granularity: SeriesGranularity,
  fromMs: number,
  toMs: number,
): Generator<Range, void, undefined> {
  let t = fromMs;
  while (t < toMs) {
    const bucket = localBucket(zone, granularity, t);
    yield bucket;
    t = bucket.end;
  }
}

/** The number of the month that holds a day: months since 1970-01. */
export function monthOf(day: number): number {
  const date = new Date(day * DAY_MS);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** The first day of a month, in days since 1970-01-01. */
export function firstDayOfMonth(month: number): number {
  return Date.UTC(1970, month, 1) / DAY_MS;
}

/** The Monday of the week that holds a day, both in days since 1970-01-01, a Thursday. */
export function mondayOf(day: number): number {
  return Math.floor((day + 3) / 7) * 7 - 3;
}

/** Days that were skipped have no length: the next start that is later is the end. */
function endOfDay(zone: string, day: number): number {
  const start = dayStart(zone, day);
  let next = day + 1;
  while (dayStart(zone, next) <= start) next++;
  return dayStart(zone, next);
}

function partOfDay(zone: string, width: number, epochMs: number): Range {
  const { offsetMs, from, to } = stretchAt(zone, epochMs);
  let start = Math.floor((epochMs + offsetMs) / width) * width - offsetMs;
  let end = start + width;
  // Only at a change can a bucket be other than whole.
  if (start >= from && end <= to) return { start, end };
  if (start < from && isCut(zone, from, width)) start = from;
  if (end > to && isCut(zone, to, width)) end = to;
  const day = localDay(zone, epochMs);
  return { start: Math.max(start, dayStart(zone, day)), end: Math.min(end, endOfDay(zone, day)) };
}

/** Whether the wall clock's buckets do not go on through a change of the offset. */
function isCut(zone: string, change: number, width: number): boolean {
  return (stretchAt(zone, change).offsetMs - stretchAt(zone, change - 1).offsetMs) % width !== 0;
}
