export { CountState, countKind } from "./aggregation/count.ts";
export { kindFor } from "./aggregation/kind-for.ts";
export type { State, StateKind } from "./aggregation/state.ts";
export { Block, type OverlayResult, type PartialBlock } from "./block/block.ts";
export { type BlockSchema, type Cell, emptyCell, mergeCell, type RollupSchema } from "./block/schema.ts";
export type { Section } from "./block/section.ts";
export { slotOf } from "./block/slot-of.ts";
export { TUPLE_SEPARATOR, tupleOf, tupleValues } from "./block/tuple.ts";
export { ByteReader, corrupt } from "./bytes/byte-reader.ts";
export { ByteWriter } from "./bytes/byte-writer.ts";
export { type CalendarUnit, type RangeShift, relativeRange, shiftRange } from "./time/calendar.ts";
export { type TileRun, type TileSource, type Tiling, tiles, type Uncovered } from "./time/compose.ts";
export {
  localBucket,
  localBuckets,
  localDayStart,
  localHourStart,
  localMonthStart,
  localWeekStart,
  nextLocalDayStart,
  type Range,
  SERIES_GRANULARITIES,
  type SeriesGranularity,
} from "./time/local-buckets.ts";
export {
  bucketCeilingOf,
  bucketStart,
  bucketStartOf,
  DEFAULT_RETENTION_MINUTES,
  dayKey,
  FLUSH_INTERVAL_MS,
  type Granularity,
  type GranularityKey,
  granularityKeys,
  granularityOf,
  isKept,
  minuteOf,
  TIER_MINUTES,
  TIERS,
  type Tier,
  tierOf,
  widthMinutes,
} from "./time/tiers.ts";
export {
  canonicalTimeZone,
  dayStart,
  isTimeZone,
  localDay,
  offsetMinutesAt,
  offsetMsAt,
  offsetsUsed,
} from "./time/zone.ts";
