export { AverageState, averageKind } from "./aggregation/average.ts";
export { CountState, countKind } from "./aggregation/count.ts";
export { ExtremeState, maxKind, minKind } from "./aggregation/extreme.ts";
export { kindFor } from "./aggregation/kind-for.ts";
export { QuantilesState, quantilesKind } from "./aggregation/quantiles.ts";
export type { State, StateKind } from "./aggregation/state.ts";
export { SumState, sumKind } from "./aggregation/sum.ts";
export { type Precision, UniqueState, uniqueKinds } from "./aggregation/unique.ts";
export { Block, type OverlayResult, type PartialBlock } from "./block/block.ts";
export { type BlockSections, readSections, type SectionCursor } from "./block/read-sections.ts";
export { type BlockSchema, type Cell, emptyCell, mergeCell, type RollupSchema } from "./block/schema.ts";
export type { Section } from "./block/section.ts";
export { slotOf } from "./block/slot-of.ts";
export { TUPLE_SEPARATOR, tupleOf, tupleValues } from "./block/tuple.ts";
export { TupleDirectory } from "./block/tuple-directory.ts";
export { ByteReader, corrupt } from "./bytes/byte-reader.ts";
export { ByteWriter } from "./bytes/byte-writer.ts";
export { type Micros, microsToNumber, microsToText, toMicros } from "./decimal/micros.ts";
export {
  ACCOUNTING_METRIC,
  ACCOUNTING_METRIC_NUMBER,
  ACCOUNTING_ROLLUP,
  ACCOUNTING_ROLLUP_NUMBER,
  MAIN_FAMILY,
  OUTCOMES,
  type Outcome,
  RESERVED_METRIC_NAMES,
  RESERVED_ROLLUP_NAMES,
} from "./definitions/accounting.ts";
export { BLOCK_BYTES_MAX, CELLS_MAX, DIMENSION_BYTES_MAX } from "./definitions/block-limits.ts";
export { type FamilyPlan, type MetricPlan, type RollupPlan, readableFamilies } from "./definitions/family-plan.ts";
export { layoutFamilies } from "./definitions/layout.ts";
export { retentionMinutes } from "./definitions/retention.ts";
export {
  compileFilter,
  FILTER_DEPTH_MAX,
  type FilterFields,
  type FilterValue,
  type Predicate,
} from "./filter/compile-filter.ts";
export { applyDelta } from "./fold/apply-delta.ts";
export type { Delta, DeltaPart } from "./fold/delta.ts";
export { dimensionText } from "./fold/dimension-text.ts";
export { EventView } from "./fold/event-view.ts";
export {
  DERIVED_FIELDS,
  type DerivedFields,
  type FieldReader,
  NO_DERIVED_FIELDS,
  OWN_FIELDS,
  type SlotOfProperty,
} from "./fold/field.ts";
export type { FoldEvent, PropertyValue } from "./fold/fold-event.ts";
export { applyPacked, cellsIn, packCells } from "./fold/packed-cells.ts";
export { compile, createCompiler, type Plan, type UnfoldedOutcome } from "./fold/plan.ts";
export { splicePacked } from "./fold/splice.ts";
export { FIRST_OWN_NUMBER, templateMetrics, templateRollups } from "./template/template.ts";
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
