import { create } from "@bufbuild/protobuf";
import { Aggregation, type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";

/**
 * What became of an event. The outcomes exclude each other, so their counts add up to all events of the log: "folded"
 * and "bot" (folded, and marked as a bot's), "duplicate", "late" and "dead_lettered".
 */
export const OUTCOMES = ["folded", "bot", "duplicate", "late", "dead_lettered"] as const;

/** One of the outcomes. */
export type Outcome = (typeof OUTCOMES)[number];

/** The number of the built-in rollup that counts outcomes by the minute of receipt; it is in every family "main". */
export const ACCOUNTING_ROLLUP_NUMBER = 0;

/** The number of its only metric. */
export const ACCOUNTING_METRIC_NUMBER = 0;

/** The name of the family that holds the rollups of one slot. */
export const MAIN_FAMILY = "main";

const NAME = "accounting";

/** Names that no rollup of a project may have. */
export const RESERVED_ROLLUP_NAMES: readonly string[] = [MAIN_FAMILY, NAME];

/** Names that no metric of a project may have. */
export const RESERVED_METRIC_NAMES: readonly string[] = [NAME];

/** The built-in metric: how many events. */
export const ACCOUNTING_METRIC: Metric = create(MetricSchema, {
  number: ACCOUNTING_METRIC_NUMBER,
  name: NAME,
  aggregation: Aggregation.COUNT,
  builtIn: true,
});

/** The built-in rollup: how many events had each outcome. */
export const ACCOUNTING_ROLLUP: Rollup = create(RollupSchema, {
  number: ACCOUNTING_ROLLUP_NUMBER,
  name: NAME,
  metrics: [NAME],
  dimensions: ["outcome"],
  slots: 1,
  maxTuples: 8,
  builtIn: true,
});
