import { type Every, everyMs } from "./granularity.ts";
import type { Range } from "./range.ts";
import { wallClockAt } from "./wall-clock.ts";

const DAY_MS = 86_400_000;

/** The range of the buckets from one to another, both included, by their beginnings (RFC 3339 in the zone's offset). */
export function zoomedRange(from: string, to: string, every: Every, zone: string): Range {
  const end = Date.parse(to) + everyMs(every);
  // A day at the end is part of the range, a minute is not.
  if (everyMs(every) >= DAY_MS) {
    return { kind: "between", from: from.slice(0, 10), to: clockText(end - DAY_MS / 2, zone).slice(0, 10) };
  }
  return { kind: "between", from: from.slice(0, 16), to: clockText(end, zone) };
}

function clockText(epochMs: number, zone: string): string {
  const { year, month, day, hour, minute } = wallClockAt(zone, epochMs);
  return new Date(Date.UTC(year, month - 1, day, hour, minute)).toISOString().slice(0, 16);
}
