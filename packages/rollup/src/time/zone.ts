import { Failure } from "@millrace/failure";
import { type Stretch, ZoneOffsets } from "./offsets.ts";

const DAY_MS = 86_400_000;
/** No local time is further than this from UTC, in either direction. */
const OFFSET_MS_MAX = 16 * 3_600_000;
/** Names differ in case and by alias, so there can be more of them than zones. */
const NAMES_MAX = 2_000;
const NAME_LENGTH_MAX = 64;
/** Definitions hold at most this many offsets of day cells. */
const DAY_OFFSETS_MAX = 4;

const zones = new Map<string, ZoneOffsets>();
const names = new Map<string, ZoneOffsets | undefined>();
let recentName = "";
let recent: ZoneOffsets | undefined;

/** Whether `name` is an IANA time zone, such as `Europe/Berlin` or `UTC`. Fixed offsets, such as `+01:00`, are not. */
export function isTimeZone(name: string): boolean {
  return lookUp(name) !== undefined;
}

/**
 * The usual spelling of a zone: `europe/berlin` becomes `Europe/Berlin`. An alias stays what it is.
 *
 * @throws Failure `invalid` TIME_ZONE_UNKNOWN
 */
export function canonicalTimeZone(name: string): string {
  const known = offsetsOf(name).name;
  return known.toLowerCase() === name.toLowerCase() ? known : name;
}

/**
 * By how many milliseconds local time is ahead of UTC. Always whole minutes since 1972, before that also seconds.
 *
 * @throws Failure `invalid` TIME_ZONE_UNKNOWN
 */
export function offsetMsAt(zone: string, epochMs: number): number {
  return offsetsOf(zone).at(epochMs).offsetMs;
}

/** {@link offsetMsAt} in minutes; before 1972 it may have a fraction. */
export function offsetMinutesAt(zone: string, epochMs: number): number {
  return offsetMsAt(zone, epochMs) / 60_000;
}

/**
 * The whole-minute UTC offsets that a zone uses in [fromMs, toMs), ascending: at which of them day cells are worth
 * keeping. At least 1 and at most 4: those that last the longest.
 */
export function offsetsUsed(zone: string, fromMs: number, toMs: number): readonly number[] {
  const offsets = offsetsOf(zone);
  const lasting = new Map<number, number>();
  let t = fromMs;
  do {
    const { to, offsetMs } = offsets.at(t);
    const minutes = Math.round(offsetMs / 60_000) + 0;
    lasting.set(minutes, (lasting.get(minutes) ?? 0) + Math.min(to, toMs) - t);
    t = to;
  } while (t < toMs);
  return [...lasting]
    .sort((a, b) => b[1] - a[1])
    .slice(0, DAY_OFFSETS_MAX)
    .map(([minutes]) => minutes)
    .sort((a, b) => a - b);
}

/**
 * The number of the local day that holds a moment: days since 1970-01-01. A day runs from its start to the start of the
 * next. So where a clock goes back over midnight, the evening that is lived again belongs to the new day, and every
 * moment is in exactly one day.
 */
export function localDay(zone: string, epochMs: number): number {
  const offsets = offsetsOf(zone);
  let day = Math.floor((epochMs + offsets.at(epochMs).offsetMs) / DAY_MS);
  while (instantOf(offsets, (day + 1) * DAY_MS) <= epochMs) day++;
  return day;
}

/**
 * When a local day starts, in epoch milliseconds, as Temporal's `startOfDay` says: at the first midnight when there are
 * two, and at the end of the gap when there is none. A day that was skipped starts, and ends, where the next one starts.
 *
 * @param day days since 1970-01-01
 */
export function dayStart(zone: string, day: number): number {
  return instantOf(offsetsOf(zone), day * DAY_MS);
}

/**
 * The moment that a local wall clock shows a time, as Temporal's "compatible" disambiguation says: the earlier one of
 * two, and for a time that is skipped the moment as far behind the gap's start as the time is.
 *
 * @param localMs the wall clock's time, as if it were UTC
 */
export function wallClock(zone: string, localMs: number): number {
  const offsets = offsetsOf(zone);
  const found = instantOf(offsets, localMs);
  const shown = found + offsets.at(found).offsetMs;
  return shown === localMs ? found : localMs - offsets.at(found - 1).offsetMs;
}

/** The stretch of equal offset that holds a moment, for those who walk through time. */
export function stretchAt(zone: string, epochMs: number): Stretch {
  return offsetsOf(zone).at(epochMs);
}

/** The first moment at which the wall clock shows `localMs` or has, by a change forward, passed it. */
function instantOf(offsets: ZoneOffsets, localMs: number): number {
  let stretch = offsets.at(localMs - OFFSET_MS_MAX);
  while (localMs - stretch.offsetMs >= stretch.to) stretch = offsets.at(stretch.to);
  return Math.max(localMs - stretch.offsetMs, stretch.from);
}

function offsetsOf(name: string): ZoneOffsets {
  if (name === recentName && recent !== undefined) return recent;
  const found = lookUp(name);
  if (found === undefined) {
    const shown = name.slice(0, NAME_LENGTH_MAX);
    throw new Failure("invalid", "TIME_ZONE_UNKNOWN", `"${shown}" is not an IANA time zone such as "Europe/Berlin"`);
  }
  recentName = name;
  recent = found;
  return found;
}

function lookUp(name: string): ZoneOffsets | undefined {
  const known = names.get(name);
  if (known !== undefined || names.has(name)) return known;
  if (name.length > NAME_LENGTH_MAX) return undefined;
  const found = open(name);
  if (names.size >= NAMES_MAX) names.clear();
  names.set(name, found);
  return found;
}

function open(name: string): ZoneOffsets | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let opened: ZoneOffsets;
  try {
    opened = new ZoneOffsets(name);
  } catch {
    return undefined;
  }
  const same = zones.get(opened.name);
  if (same !== undefined) return same;
  zones.set(opened.name, opened);
  return opened;
}
