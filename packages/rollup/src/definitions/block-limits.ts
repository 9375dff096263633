import type { Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import type { Rollup } from "@millrace/api/millrace/config/v1/rollup_pb";
import { kindFor } from "../aggregation/kind-for.ts";
import type { StateKind } from "../aggregation/state.ts";
import { named } from "./named.ts";

/** No block of a family grows past this, whatever its events hold. */
export const BLOCK_BYTES_MAX = 1024 * 1024;

/** At most this many cells of a rollup are in a block, beside its "(other)" cell. */
export const CELLS_MAX = 256;

/** A rollup joins the family "main" only while every rollup there may still have this many cells, if it asks for them. */
const CELLS_SHARED_MIN = 64;

/** A dimension's value is cut to this many bytes of UTF-8. */
export const DIMENSION_BYTES_MAX = 200;

/** What a cell takes beside its dimensions' values and its states: separators, lengths, and a share of the directory. */
const CELL_OVERHEAD_BYTES = 32;

/** Registers of the unique metrics: more where a rollup has one cell. Fixed: blocks depend on it. */
const PRECISION_ALONE = 14;
const PRECISION = 11;

/** How the states of a metric are made in a rollup. */
export function kindOfMetric(metric: Metric, rollup: Rollup): StateKind {
  return kindFor(metric.aggregation, { precision: rollup.dimensions.length === 0 ? PRECISION_ALONE : PRECISION });
}

/** How many bytes a cell of the rollup can take in a block. */
export function cellBytesMax(rollup: Rollup, metrics: ReadonlyMap<string, Metric>): number {
  let bytes = CELL_OVERHEAD_BYTES + DIMENSION_BYTES_MAX * rollup.dimensions.length;
  for (const name of rollup.metrics) bytes += kindOfMetric(named(metrics, name, "metric"), rollup).maxBytes;
  return bytes;
}

/**
 * How many cells each of a family's rollups may have in a block, beside "(other)": what it asks for, up to
 * {@link CELLS_MAX}; where the block could then grow past {@link BLOCK_BYTES_MAX}, those that ask for most are lowered
 * to one common number. A pure function of rollups and metrics that never change, so that a family's version says it.
 */
export function limitCells(rollups: readonly Rollup[], metrics: ReadonlyMap<string, Metric>): readonly number[] {
  let common = CELLS_MAX;
  while (common > 1 && blockBytesMax(rollups, metrics, common) > BLOCK_BYTES_MAX) common -= 1;
  return rollups.map((rollup) => Math.min(cellsAsked(rollup), common));
}

/** Whether the rollups can be stored in one block without being lowered to few cells each. */
export function fitTogether(rollups: readonly Rollup[], metrics: ReadonlyMap<string, Metric>): boolean {
  return blockBytesMax(rollups, metrics, CELLS_SHARED_MIN) <= BLOCK_BYTES_MAX;
}

function cellsAsked(rollup: Rollup): number {
  if (rollup.dimensions.length === 0) return 1;
  return Math.min(CELLS_MAX, rollup.maxTuples === 0 ? CELLS_MAX : rollup.maxTuples);
}

/** How large a block can get when no rollup has more than `common` cells beside its "(other)" cell. */
function blockBytesMax(rollups: readonly Rollup[], metrics: ReadonlyMap<string, Metric>, common: number): number {
  let sum = 0;
  for (const rollup of rollups) {
    const cells = rollup.dimensions.length === 0 ? 1 : Math.min(cellsAsked(rollup), common) + 1;
    sum += cells * cellBytesMax(rollup, metrics);
  }
  return sum;
}
