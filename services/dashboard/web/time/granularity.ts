import { Granularity } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { CatalogGranularity } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { lengthMs, type Range } from "./range.ts";

/** The width of the buckets of a series, as it stands in an address and in commands. */
export type Every = "1m" | "5m" | "15m" | "1h" | "1d" | "week" | "month";

type Entry = { readonly every: Every; readonly granularity: Granularity; readonly ms: number; readonly title: string };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** All of them, finest first. */
export const WIDTHS: readonly Entry[] = [
  { every: "1m", granularity: Granularity.GRANULARITY_1M, ms: MINUTE_MS, title: "Minutes" },
  { every: "5m", granularity: Granularity.GRANULARITY_5M, ms: 5 * MINUTE_MS, title: "5 minutes" },
  { every: "15m", granularity: Granularity.GRANULARITY_15M, ms: 15 * MINUTE_MS, title: "15 minutes" },
  { every: "1h", granularity: Granularity.GRANULARITY_1H, ms: 60 * MINUTE_MS, title: "Hours" },
  { every: "1d", granularity: Granularity.GRANULARITY_1D, ms: DAY_MS, title: "Days" },
  { every: "week", granularity: Granularity.GRANULARITY_WEEK, ms: 7 * DAY_MS, title: "Weeks" },
  { every: "month", granularity: Granularity.GRANULARITY_MONTH, ms: 30.4375 * DAY_MS, title: "Months" },
];

/** An answer has no more rows, and more points are neither seen nor wanted. */
const POINTS_MAX = 10_000;

/** A range shorter than the first is shown with the second. */
const USUAL: readonly (readonly [number, Every])[] = [
  [2.1 * 60 * MINUTE_MS, "1m"],
  [6.1 * 60 * MINUTE_MS, "5m"],
  [3.1 * DAY_MS, "1h"],
  [100 * DAY_MS, "1d"],
  [300 * DAY_MS, "week"],
];

/** Reads a width; undefined for anything else. */
export function parseEvery(text: string): Every | undefined {
  return WIDTHS.find(({ every }) => every === text)?.every;
}

/** The contract's word for a width. */
export function granularityOf(every: Every): Granularity {
  return widthOf(every).granularity;
}

/** About how wide a bucket is, in milliseconds. */
export function everyMs(every: Every): number {
  return widthOf(every).ms;
}

/** A width's name for people. */
export function everyTitle(every: Every): string {
  return widthOf(every).title;
}

/** The width that shows a range best. */
export function usualEvery(range: Range): Every {
  const length = lengthMs(range);
  return USUAL.find(([below]) => length < below)?.[1] ?? "month";
}

/** The widths that a range can be shown with, finest first: those that are kept, and give a sensible number of points. */
export function widthsFor(range: Range, kept: readonly CatalogGranularity[], ageMs: number): readonly Every[] {
  const length = lengthMs(range);
  const usual = usualEvery(range);
  return WIDTHS.filter(
    ({ every, ms }) =>
      every === usual || (ms * 2 <= length && length / ms <= POINTS_MAX && isWidthKept(every, kept, ageMs)),
  ).map(({ every }) => every);
}

/** Whether buckets of a width are kept for so long. */
export function isWidthKept(every: Every, kept: readonly CatalogGranularity[], ageMs: number): boolean {
  const retention = kept.find((one) => one.granularity === granularityOf(every))?.retention;
  return retention === undefined || ageMs <= Number(retention.seconds) * 1_000;
}

function widthOf(every: Every): Entry {
  return WIDTHS.find((one) => one.every === every)!;
}
