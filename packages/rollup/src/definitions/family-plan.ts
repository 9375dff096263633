import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Aggregation, Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import type { Rollup } from "@millrace/api/millrace/config/v1/rollup_pb";
import type { StateKind } from "../aggregation/state.ts";
import type { BlockSchema } from "../block/schema.ts";
import { ACCOUNTING_METRIC, ACCOUNTING_ROLLUP } from "./accounting.ts";
import { kindOfMetric, limitCells } from "./block-limits.ts";
import { named } from "./named.ts";

/** A metric in a rollup: how its states in the rollup's cells are made. */
export type MetricPlan = {
  readonly number: number;
  readonly name: string;
  readonly aggregation: Aggregation;
  readonly unit: string;
  readonly kind: StateKind;
};

/** A rollup as it is stored in a family. */
export type RollupPlan = {
  readonly number: number;
  readonly name: string;
  /** The names of its dimensions, in the order of the values in a tuple. */
  readonly dimensions: readonly string[];
  /** Its metrics, in the order of the states in a cell. */
  readonly metrics: readonly MetricPlan[];
  /** At most this many tuples are kept in a slot of a bucket and source. */
  readonly maxCells: number;
};

/** One version of a family: what its blocks hold, and where. */
export type FamilyPlan = {
  readonly name: string;
  readonly version: number;
  /** Name and version as they stand in a block's key, such as "main@3". */
  readonly id: string;
  readonly slots: number;
  /** True when events of this revision are folded into it. */
  readonly current: boolean;
  /** Its rollups by number, in the order of `schema.rollups`. */
  readonly rollups: readonly RollupPlan[];
  readonly schema: BlockSchema;
};

/**
 * The families of a revision, past versions included, each with the schema that its blocks are decoded by.
 *
 * @throws Failure `corrupt` when the definitions contradict themselves: they come from what config has checked.
 */
export function readableFamilies(definitions: Definitions): readonly FamilyPlan[] {
  const metrics = new Map<string, Metric>(definitions.metrics.map((metric) => [metric.name, metric]));
  const rollups = new Map<number, Rollup>(definitions.rollups.map((rollup) => [rollup.number, rollup]));
  metrics.set(ACCOUNTING_METRIC.name, ACCOUNTING_METRIC);
  rollups.set(ACCOUNTING_ROLLUP.number, ACCOUNTING_ROLLUP);
  return definitions.families.map((family) => {
    const own = [...family.rollupNumbers].sort((a, b) => a - b).map((number) => named(rollups, number, "rollup"));
    const slots = Math.max(1, family.slots);
    const limits = limitCells(own, metrics);
    const plans = own.map((rollup, i) => planRollup(rollup, metrics, limits[i]!));
    return {
      name: family.name,
      version: family.version,
      id: `${family.name}@${family.version}`,
      slots,
      current: family.current,
      rollups: plans,
      schema: {
        rollups: plans.map((plan) => ({
          number: plan.number,
          kinds: plan.metrics.map((metric) => metric.kind),
          maxCells: plan.maxCells,
        })),
      },
    };
  });
}

function planRollup(rollup: Rollup, metrics: ReadonlyMap<string, Metric>, maxCells: number): RollupPlan {
  return {
    number: rollup.number,
    name: rollup.name,
    dimensions: rollup.dimensions,
    metrics: rollup.metrics.map((name) => {
      const metric = named(metrics, name, "metric");
      return {
        number: metric.number,
        name: metric.name,
        aggregation: metric.aggregation,
        unit: metric.unit,
        kind: kindOfMetric(metric, rollup),
      };
    }),
    maxCells,
  };
}
