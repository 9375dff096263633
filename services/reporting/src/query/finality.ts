import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { LateWindow } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Range } from "@millrace/rollup";

/**
 * Whether only imports can still change a bucket: the watermark has passed its end by the late window, the longest of
 * those in force at any time in the bucket.
 */
export function isFinal(bucket: Range, watermarkMs: number, windows: readonly LateWindow[]): boolean {
  let longestMs = 0;
  for (const [index, { startTime, window }] of windows.entries()) {
    const from = startTime === undefined ? Number.NEGATIVE_INFINITY : timestampMs(startTime);
    const next = windows[index + 1]?.startTime;
    const to = next === undefined ? Number.POSITIVE_INFINITY : timestampMs(next);
    if (from >= bucket.end || to <= bucket.start) continue;
    longestMs = Math.max(longestMs, Number(window?.seconds ?? 0n) * 1000);
  }
  return watermarkMs >= bucket.end + longestMs;
}
