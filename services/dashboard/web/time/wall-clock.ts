const MINUTE_MS = 60_000;

/** Formats are costly to make; a page uses few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** A moment as a clock on the wall of a zone shows it. The month is 1 to 12. */
export type WallClock = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
};

/** Reads the clock of a zone at a moment, in epoch milliseconds. */
export function wallClockAt(zone: string, epochMs: number): WallClock {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatFor(zone).formatToParts(epochMs)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return { year, month, day, hour, minute };
}

/**
 * When a clock of the zone shows a time, in epoch milliseconds. What the clock shows twice is its first time; what it
 * skips is as long after the skip as the time is after the skip's begin. Days and months may be out of their bounds,
 * as with `Date.UTC`.
 */
export function epochOf(zone: string, clock: WallClock): number {
  const local = Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute);
  const before = local - offsetAt(zone, local - 86_400_000);
  const after = local - offsetAt(zone, local + 86_400_000);
  const fits = [before, after].filter((epochMs) => epochMs + offsetAt(zone, epochMs) === local);
  return fits.length > 0 ? Math.min(...fits) : before;
}

/** The start of a day of the zone; the day may be out of its month's bounds. */
export function dayStart(zone: string, year: number, month: number, day: number): number {
  return epochOf(zone, { year, month, day, hour: 0, minute: 0 });
}

/** How far the zone's clock is ahead of UTC, in milliseconds. */
function offsetAt(zone: string, epochMs: number): number {
  const { year, month, day, hour, minute } = wallClockAt(zone, epochMs);
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(epochMs / MINUTE_MS) * MINUTE_MS;
}

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}
