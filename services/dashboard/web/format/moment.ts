import type { Every } from "../time/granularity.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The clock of a text such as 2026-01-31T08:00:00+01:00, as if it were UTC, in epoch milliseconds: what a person in that
 * zone reads, for formats in UTC.
 */
export function localMs(text: string): number {
  return Date.parse(`${text.slice(0, 19)}Z`);
}

/** What a bucket that begins at a time is called: "Sat, Nov 21, 14:00". */
export function bucketTitle(text: string, every: Every, locale?: string): string {
  const at = localMs(text);
  switch (every) {
    case "month":
      return formatOf(locale, { month: "long", year: "numeric" }).format(at);
    case "week":
      return `Week of ${formatOf(locale, { month: "short", day: "numeric", year: "numeric" }).format(at)}`;
    case "1d":
      return formatOf(locale, { weekday: "short", month: "short", day: "numeric" }).format(at);
    default:
      return formatOf(locale, {
        weekday: "short",
        month: "short",
        day: "numeric",
        hour: "2-digit",
        minute: "2-digit",
      }).format(at);
  }
}

/** A mark on the axis of time: a clock's time within days, else a day, a month or a year. */
export function axisText(local: number, level: "time" | "day" | "month", locale?: string): string {
  if (level === "time") return formatOf(locale, { hour: "2-digit", minute: "2-digit" }).format(local);
  if (level === "day") return formatOf(locale, { month: "short", day: "numeric" }).format(local);
  const isJanuary = new Date(local).getUTCMonth() === 0;
  return formatOf(locale, isJanuary ? { year: "numeric" } : { month: "short" }).format(local);
}

/** Dates, or minutes, as 2026-01-31 or 2026-01-31T08:00, from one to the other. */
export function datesText(from: string, to: string, locale?: string): string {
  const hasTime = from.includes("T") || to.includes("T");
  const format = formatOf(locale, {
    month: "short",
    day: "numeric",
    year: "numeric",
    ...(hasTime && { hour: "2-digit", minute: "2-digit" }),
  });
  const start = Date.parse(from.includes("T") ? `${from}:00Z` : `${from}T00:00:00Z`);
  const end = Date.parse(to.includes("T") ? `${to}:00Z` : `${to}T00:00:00Z`);
  return format.formatRange(start, end);
}

/** The time of day of a moment in a zone, to the second. */
export function clockText(epochMs: number, zone: string, locale?: string): string {
  return formatOf(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone).format(epochMs);
}

/** The day of a moment in a zone. */
export function dayText(epochMs: number, zone: string, locale?: string): string {
  return formatOf(locale, { month: "short", day: "numeric", year: "2-digit" }, zone).format(epochMs);
}

function formatOf(locale: string | undefined, options: Intl.DateTimeFormatOptions, zone = "UTC"): Intl.DateTimeFormat {
  const key = `${locale ?? ""} ${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    formats.set(key, format);
  }
  return format;
}
