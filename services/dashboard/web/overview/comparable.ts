import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AbsoluteRange } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Span } from "../time/range.ts";

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

/** Beyond this age, stretches are compared by whole days: finer blocks may be gone. */
const FINE_MS = 300 * DAY_MS;

/**
 * The stretch that what there is so far is fairly compared with: as much of the other range as has passed of this one,
 * so that this morning is not compared with the whole of yesterday. Undefined where the range is over, and its
 * comparison needs no cutting.
 */
export function comparableSpan(range: AbsoluteRange, other: AbsoluteRange, now: number): Span | undefined {
  const [start, end, from, to] = [range.startTime, range.endTime, other.startTime, other.endTime].map((time) =>
    time === undefined ? 0 : timestampMs(time),
  ) as [number, number, number, number];
  if (now >= end) return undefined;
  const passed = now - start;
  const step = now - from > FINE_MS ? DAY_MS : QUARTER_MS;
  const cut = from + Math.max(step, Math.floor(passed / step) * step);
  return cut < to ? { start: from, end: cut } : { start: from, end: to };
}
