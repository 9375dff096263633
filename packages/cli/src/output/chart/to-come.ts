import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/**
 * A value of a series, or undefined when its bucket is still to come: those of a range's future are zero in an answer.
 *
 * @param time the bucket's start, RFC 3339
 * @param watermark up to when the answer holds
 */
export function valueSoFar(
  value: number | undefined,
  time: string,
  watermark: Timestamp | undefined,
): number | undefined {
  if (value !== 0 || watermark === undefined) return value;
  return Date.parse(time) > timestampMs(watermark) ? undefined : value;
}
