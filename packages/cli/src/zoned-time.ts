import { Failure } from "@millrace/failure";

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const REMEMBERED_MAX = 10_000;

/** Local times of one IANA time zone. */
export type Zone = {
  readonly name: string;
  /**
   * The moment of a local time, both in milliseconds (the local time as if it were UTC). A time that comes twice is its
   * first; one that is skipped counts on from before the gap, as Temporal's "compatible".
   */
  readonly toUtc: (localMs: number) => number;
};

/**
 * A time zone by its IANA name.
 *
 * @throws Failure `invalid` when there is none of this name
 */
export function zoneNamed(name: string): Zone {
  if (name === "" || name === "UTC") return { name: "UTC", toUtc: (localMs) => localMs };
  const offsetAt = remembered(offsets(name));
  function toUtc(localMs: number): number {
    const before = offsetAt(localMs - DAY_MS);
    const after = offsetAt(localMs + DAY_MS);
    if (before === after) return localMs - before;
    for (const offset of [before, after]) {
      if (offsetAt(localMs - offset) === offset) return localMs - offset;
    }
    return localMs - before;
  }
  return { name, toUtc };
}

function offsets(name: string): (utcMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      era: "short",
    });
  } catch (cause) {
    const message = `"${name}" is not a time zone; write it as in the IANA database, such as Europe/Berlin`;
    throw new Failure("invalid", "TIME_ZONE_UNKNOWN", message, { cause });
  }
  return (utcMs) => {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(utcMs)) parts[type] = value;
    const { year, month, day, hour, minute, second } = parts;
    const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return local - Math.floor(utcMs / 1_000) * 1_000;
  };
}

/** No zone changes its offset within a quarter of an hour of UTC. */
function remembered(offsetAt: (utcMs: number) => number): (utcMs: number) => number {
  const known = new Map<number, number>();
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_MS);
    let offset = known.get(quarter);
    if (offset === undefined) {
      if (known.size >= REMEMBERED_MAX) known.clear();
      offset = offsetAt(quarter * QUARTER_MS);
      known.set(quarter, offset);
    }
    return offset;
  };
}
