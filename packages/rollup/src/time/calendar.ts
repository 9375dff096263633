import { firstDayOfMonth, localBucket, localWeekStart, mondayOf, monthOf, type Range } from "./local-buckets.ts";
import { dayStart, localDay, offsetMsAt, wallClock } from "./zone.ts";

/** A unit of a zone's calendar; weeks begin on Monday. */
export type CalendarUnit = "minute" | "hour" | "day" | "week" | "month";

/** Which other range a range is compared with. */
export type RangeShift = "previousPeriod" | "previousYear";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * The last so many units, the current one included and whole: `(zone, now, 1, "day")` is today, from its start to the
 * start of tomorrow. Minutes and hours are counted as time passes, the other units by the calendar.
 *
 * @param zone an IANA time zone
 * @param now in epoch milliseconds
 * @param last how many, at least 1
 * @param unit of what
 * @throws Failure `invalid` TIME_ZONE_UNKNOWN
 */
export function relativeRange(zone: string, now: number, last: number, unit: CalendarUnit): Range {
  switch (unit) {
    case "minute": {
      const start = Math.floor(now / MINUTE_MS) * MINUTE_MS;
      return { start: start - (last - 1) * MINUTE_MS, end: start + MINUTE_MS };
    }
    case "hour": {
      const { start, end } = localBucket(zone, "1h", now);
      const first = start - (last - 1) * HOUR_MS;
      return { start: localBucket(zone, "1h", first).start, end };
    }
    case "day": {
      const day = localDay(zone, now);
      return { start: dayStart(zone, day - last + 1), end: localBucket(zone, "1d", now).end };
    }
    case "week": {
      const monday = mondayOf(localDay(zone, now));
      return { start: dayStart(zone, monday - 7 * (last - 1)), end: dayStart(zone, monday + 7) };
    }
    case "month": {
      const month = monthOf(localDay(zone, now));
      return {
        start: dayStart(zone, firstDayOfMonth(month - last + 1)),
        end: dayStart(zone, firstDayOfMonth(month + 1)),
      };
    }
  }
}

/**
 * The range to compare a range with.
 *
 * - `previousPeriod`: just before it and as long. Where the range is whole months, weeks or days, as many of them: June
 *   is compared with May. The unit is `unit`, or if that is absent the largest that both ends fall on; where the ends
 *   do not fall on the unit it is the same number of milliseconds.
 * - `previousYear`: the same dates and wall-clock times one year earlier. 29 February becomes 28 February.
 *
 * @returns never empty, unless `range` is
 */
export function shiftRange(zone: string, range: Range, shift: RangeShift, unit?: CalendarUnit): Range {
  if (range.end <= range.start) return range;
  return shift === "previousYear" ? yearBefore(zone, range) : periodBefore(zone, range, unit);
}

function periodBefore(zone: string, range: Range, unit: CalendarUnit | undefined): Range {
  const { start, end } = range;
  const elapsed = { start: start - (end - start), end: start };
  if (unit === "minute" || unit === "hour") return elapsed;
  const from = localDay(zone, start);
  const to = localDay(zone, end);
  if (dayStart(zone, from) !== start || dayStart(zone, to) !== end) return elapsed;
  const fromMonth = monthOf(from);
  const toMonth = monthOf(to);
  const wholeMonths = firstDayOfMonth(fromMonth) === from && firstDayOfMonth(toMonth) === to;
  if (wholeMonths && (unit === undefined || unit === "month")) {
    return { start: dayStart(zone, firstDayOfMonth(2 * fromMonth - toMonth)), end: start };
  }
  const before = dayStart(zone, 2 * from - to);
  // The one day before may be a day that the zone skipped.
  if (before >= start) return elapsed;
  if (unit === "month" || (unit === "week" && !(isWeekStart(zone, start) && isWeekStart(zone, end)))) return elapsed;
  return { start: before, end: start };
}

function isWeekStart(zone: string, epochMs: number): boolean {
  return localWeekStart(zone, epochMs) === epochMs;
}

function yearBefore(zone: string, range: Range): Range {
  const start = momentYearBefore(zone, range.start);
  // The last moment inside is moved, not the end: a range that ends with 28 February has to stay one that does.
  const end = momentYearBefore(zone, range.end - 1) + 1;
  return { start, end: end > start ? end : start + (range.end - range.start) };
}

function momentYearBefore(zone: string, epochMs: number): number {
  const localMs = epochMs + offsetMsAt(zone, epochMs);
  const day = Math.floor(localMs / DAY_MS);
  const month = monthOf(day);
  const dayOfMonth = day - firstDayOfMonth(month);
  const monthBefore = firstDayOfMonth(month - 12);
  const daysBefore = firstDayOfMonth(month - 11) - monthBefore;
  const dayBefore = monthBefore + Math.min(dayOfMonth, daysBefore - 1);
  return wallClock(zone, dayBefore * DAY_MS + (localMs - day * DAY_MS));
}
