import { axisText, localMs } from "../format/moment.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A mark of the axis: the place of the bucket, and what is written there. */
export type Mark = { readonly place: number; readonly text: string };

type Level = { readonly kind: "time" | "day" | "month"; readonly isMark: (local: number) => boolean };

const within = (ms: number) => (local: number) => local % ms === 0;
const daysOf = (days: number) => (local: number) => local % DAY_MS === 0 && Math.round(local / DAY_MS - 4) % days === 0;
const isMonthStart = (local: number) => local % DAY_MS === 0 && new Date(local).getUTCDate() === 1;
const monthsOf = (months: number) => (local: number) =>
  isMonthStart(local) && new Date(local).getUTCMonth() % months === 0;

/** Finest first. Day 4 since the epoch was a Monday. */
const LEVELS: readonly Level[] = [
  ...[1, 5, 10, 15, 30].map((minutes) => ({ kind: "time" as const, isMark: within(minutes * MINUTE_MS) })),
  ...[1, 2, 3, 6, 12].map((hours) => ({ kind: "time" as const, isMark: within(hours * HOUR_MS) })),
  ...[1, 2, 7, 14].map((days) => ({ kind: "day" as const, isMark: daysOf(days) })),
  ...[1, 3, 6, 12].map((months) => ({ kind: "month" as const, isMark: monthsOf(months) })),
];

const known = new WeakMap<readonly string[], readonly number[]>();

/** What clocks show at the times; computed once for a list. */
function localsOf(times: readonly string[]): readonly number[] {
  let locals = known.get(times);
  if (locals === undefined) {
    locals = times.map(localMs);
    known.set(times, locals);
  }
  return locals;
}

/** The marks of an axis of buckets that begin at these times (RFC 3339 in the zone's offset): at most so many. */
export function axisMarks(times: readonly string[], most: number, locale?: string): readonly Mark[] {
  if (times.length === 0) return [];
  const locals = localsOf(times);
  const isDays = locals.every((local) => local % DAY_MS === 0);
  const isMonths = locals.length > 1 && locals.every(isMonthStart);
  const isShort = locals.at(-1)! - locals[0]! < 2 * DAY_MS;
  const isOneDay = Math.floor(locals.at(-1)! / DAY_MS) === Math.floor(locals[0]! / DAY_MS);
  for (const { kind, isMark } of LEVELS) {
    // Within two days clocks are marked, and midnights by the day that begins; beyond, days alone.
    if (kind === "time" && (isDays || !isShort)) continue;
    if (kind === "day" && isMonths) continue;
    const places = locals.flatMap((local, place) => (isMark(local) ? [place] : []));
    if (places.length >= Math.min(2, times.length) && places.length <= most) {
      return places.map((place) => {
        const local = locals[place]!;
        const isNewDay = kind === "time" && !isOneDay && local % DAY_MS === 0;
        return { place, text: axisText(local, isNewDay ? "day" : kind, locale) };
      });
    }
  }
  // Weeks and other buckets that fall on no level: every so manieth.
  const step = Math.ceil(times.length / Math.max(1, most));
  return locals.flatMap((local, place) =>
    place % step === 0 ? [{ place, text: axisText(local, "day", locale) }] : [],
  );
}
