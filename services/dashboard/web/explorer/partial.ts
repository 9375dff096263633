import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";

/** A range of which so much has passed may be compared with a whole one. */
const ALMOST = 0.95;

/** Whether so little of the range has passed that less than the whole range before says nothing. */
export function isPartial(result: Result): boolean {
  return passedOf(result) < ALMOST;
}

/** How much of the range has passed, 0 to 1. */
function passedOf({ timeRange, watermark }: Result): number {
  const [start, end, now] = [timeRange?.startTime, timeRange?.endTime, watermark].map((time) =>
    time === undefined ? 0 : timestampMs(time),
  ) as [number, number, number];
  return end > start ? (now - start) / (end - start) : 1;
}
