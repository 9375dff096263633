import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type TimeRangeSchema, RelativeRange_Unit as Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { dayStart, epochOf, wallClockAt } from "./wall-clock.ts";

/** The units that a range can be counted in. */
export type RangeUnit = "m" | "h" | "d" | "w" | "mo";

/**
 * The time that is looked at: the last so many units with the current one, yesterday, or from one day or minute of the
 * zone to another. A day at the end is part of the range, a minute is its exclusive end.
 */
export type Range =
  | { readonly kind: "last"; readonly count: number; readonly unit: RangeUnit }
  | { readonly kind: "yesterday" }
  | { readonly kind: "between"; readonly from: string; readonly to: string };

/** A time range as it is sent. */
export type TimeRangeInit = MessageInitShape<typeof TimeRangeSchema>;

/** From a moment (inclusive) to another (exclusive), in epoch milliseconds. */
export type Span = { readonly start: number; readonly end: number };

/** The ranges that a person chooses from, in order. */
export const PRESETS: readonly { readonly range: Range; readonly title: string; readonly hint?: string }[] = [
  { range: last(30, "m"), title: "Last 30 minutes", hint: "Live" },
  { range: last(1, "d"), title: "Today" },
  { range: { kind: "yesterday" }, title: "Yesterday" },
  { range: last(7, "d"), title: "Last 7 days" },
  { range: last(30, "d"), title: "Last 30 days" },
  { range: last(1, "mo"), title: "This month" },
  { range: last(12, "mo"), title: "Last 12 months" },
];

/** What is shown to somebody who has chosen nothing. */
export const DEFAULT_RANGE: Range = last(7, "d");

const UNITS: Readonly<Record<RangeUnit, { readonly unit: Unit; readonly ms: number; readonly name: string }>> = {
  m: { unit: Unit.MINUTE, ms: 60_000, name: "minute" },
  h: { unit: Unit.HOUR, ms: 3_600_000, name: "hour" },
  d: { unit: Unit.DAY, ms: 86_400_000, name: "day" },
  w: { unit: Unit.WEEK, ms: 7 * 86_400_000, name: "week" },
  mo: { unit: Unit.MONTH, ms: 30.4375 * 86_400_000, name: "month" },
};

const COUNT_MAX = 5_000;
const LAST = /^([1-9]\d{0,3})(m|h|d|w|mo)$/;
const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?$/;

/** A range as it stands in an address: `7d`, `yesterday`, `2026-01-01..2026-01-31`. */
export function rangeText(range: Range): string {
  if (range.kind === "last") return `${range.count}${range.unit}`;
  return range.kind === "yesterday" ? "yesterday" : `${range.from}..${range.to}`;
}

/** Reads what {@link rangeText} writes; undefined for anything else, and where the end is before the beginning. */
export function parseRange(text: string): Range | undefined {
  if (text === "yesterday") return { kind: "yesterday" };
  const found = LAST.exec(text);
  if (found !== null) {
    const count = Number(found[1]);
    return count <= COUNT_MAX ? last(count, found[2] as RangeUnit) : undefined;
  }
  const [from, to, ...more] = text.split("..");
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  const start = momentOf(from, "UTC", false);
  const end = momentOf(to, "UTC", true);
  if (start === undefined || end === undefined || end <= start) return undefined;
  return { kind: "between", from, to };
}

/** From when to when a range is, by the calendar of the zone. `now` is in epoch milliseconds. */
export function spanOf(range: Range, zone: string, now: number): Span {
  if (range.kind === "between") {
    const start = momentOf(range.from, zone, false) ?? now;
    return { start, end: momentOf(range.to, zone, true) ?? now };
  }
  const { year, month, day, hour, minute } = wallClockAt(zone, now);
  if (range.kind === "yesterday") {
    return { start: dayStart(zone, year, month, day - 1), end: dayStart(zone, year, month, day) };
  }
  const back = range.count - 1;
  switch (range.unit) {
    case "m": {
      const start = Math.floor(now / 60_000) * 60_000;
      return { start: start - back * 60_000, end: start + 60_000 };
    }
    case "h": {
      const start = epochOf(zone, { year, month, day, hour, minute: 0 });
      return { start: start - back * 3_600_000, end: start + 3_600_000 };
    }
    case "d":
      return { start: dayStart(zone, year, month, day - back), end: dayStart(zone, year, month, day + 1) };
    case "w": {
      const monday = day - ((new Date(Date.UTC(year, month - 1, day, hour, minute)).getUTCDay() + 6) % 7);
      return { start: dayStart(zone, year, month, monday - 7 * back), end: dayStart(zone, year, month, monday + 7) };
    }
    case "mo":
      return { start: dayStart(zone, year, month - back, 1), end: dayStart(zone, year, month + 1, 1) };
  }
}

/** A range as it is asked for. What ends now is relative, so that a watch moves on with the time. */
export function timeRangeOf(range: Range, zone: string, now: number): TimeRangeInit {
  if (range.kind !== "last") return absoluteRange(spanOf(range, zone, now));
  return { kind: { case: "relative", value: { last: range.count, unit: UNITS[range.unit].unit } } };
}

/** A span as it is asked for. */
export function absoluteRange({ start, end }: Span): TimeRangeInit {
  return { kind: { case: "absolute", value: { startTime: timestampFromMs(start), endTime: timestampFromMs(end) } } };
}

/** About how long a range is, whatever the day. */
export function lengthMs(range: Range): number {
  if (range.kind === "last") return range.count * UNITS[range.unit].ms;
  const { start, end } = spanOf(range, "UTC", 0);
  return range.kind === "yesterday" ? 86_400_000 : end - start;
}

/** A range's name for people; for dates, `dates` puts them into words. */
export function rangeTitle(range: Range, dates: (from: string, to: string) => string): string {
  const preset = PRESETS.find((one) => rangeText(one.range) === rangeText(range));
  if (preset !== undefined) return preset.title;
  if (range.kind === "between") return dates(range.from, range.to);
  if (range.kind === "yesterday") return "Yesterday";
  const { name } = UNITS[range.unit];
  return range.count === 1 ? `This ${name}` : `Last ${range.count} ${name}s`;
}

/** The moment of a date or of a minute of the zone; `isEnd` gives the end of a date. */
function momentOf(text: string, zone: string, isEnd: boolean): number | undefined {
  const found = MOMENT.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  const isDate = found[4] === undefined;
  const written = new Date(Date.UTC(year, month - 1, day));
  if (year < 1971 || written.getUTCMonth() !== month - 1 || written.getUTCDate() !== day) return undefined;
  if (isDate) return dayStart(zone, year, month, isEnd ? day + 1 : day);
  return hour < 24 && minute < 60 ? epochOf(zone, { year, month, day, hour, minute }) : undefined;
}

function last(count: number, unit: RangeUnit): Range {
  return { kind: "last", count, unit };
}
