import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { bucketCeilingOf, dayKey, granularityOf, minuteOf, retentionMinutes, type TileSource } from "@millrace/rollup";
import type { Watermarks } from "./watermarks.ts";

/**
 * Which stored granularities may be read, and where.
 *
 * - A tier begins at its retention, judged at `now`. What was received before its bucket had left the retention is in
 *   it, and nothing is received earlier than now, so that a bucket that is still kept is whole.
 * - It ends at its watermark, so that the recent edge comes from the finest tier, which has no end. Where nothing finer
 *   is kept any more it goes on: the answer's watermark then says how far it is.
 *
 * @param now in epoch milliseconds
 */
export function tierWindows(definitions: Definitions, watermarks: Watermarks, now: number): readonly TileSource[] {
  const minute = minuteOf(now);
  const retention = retentionMinutes(definitions.retention);
  const from = { "1m": minute - retention["1m"], "15m": minute - retention["15m"] };
  const end = (tier: "15m" | "1h" | "1d") => minuteOf(watermarks.timeMs[tier]);
  const quarterEnd = Math.max(end("15m"), ceiling("15m", from["1m"]));
  const hourEnd = Math.max(end("1h"), ceiling("1h", Math.min(from["1m"], from["15m"])));
  return [
    { key: "1m", availableFrom: from["1m"] },
    { key: "15m", availableFrom: from["15m"], availableTo: quarterEnd },
    { key: "1h", availableTo: hourEnd },
    ...definitions.dayOffsetsMinutes.map((offset) => ({ key: dayKey(offset), availableTo: end("1d") })),
  ];
}

function ceiling(key: string, minute: number): number {
  return Number.isFinite(minute) ? bucketCeilingOf(granularityOf(key), minute) : Number.NEGATIVE_INFINITY;
}
