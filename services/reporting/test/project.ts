import { create } from "@bufbuild/protobuf";
import { DurationSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Definitions,
  DefinitionsSchema,
  type Family,
  LateWindowSchema,
} from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { layoutFamilies, offsetsUsed } from "@millrace/rollup";

/** A rollup of a test's project. */
export type RollupSpec = {
  readonly name: string;
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  readonly slots?: number;
  readonly maxTuples?: number;
  readonly startMs?: number;
};

/** What a test's project differs in. */
export type ProjectSpec = {
  readonly zone?: string;
  readonly rollups?: readonly RollupSpec[];
  /** Where the project's zone is looked at for offsets of day cells. */
  readonly aroundMs?: number;
  /** The families of the revision before. */
  readonly previous?: readonly Family[];
};

const YEAR_MS = 366 * 86_400_000;

const METRICS = [
  ["events", Aggregation.COUNT, ""],
  ["amount", Aggregation.SUM, "amount"],
  ["users", Aggregation.UNIQUE, "user_id"],
  ["least", Aggregation.MIN, "amount"],
  ["greatest", Aggregation.MAX, "amount"],
  ["mean", Aggregation.AVERAGE, "amount"],
  ["speed", Aggregation.QUANTILES, "amount"],
] as const;

const ALL_METRICS: readonly string[] = METRICS.map(([name]) => name);

const ROLLUPS: readonly RollupSpec[] = [
  { name: "totals", metrics: ALL_METRICS, dimensions: [] },
  { name: "countries", metrics: ALL_METRICS, dimensions: ["country"] },
  { name: "pages", metrics: ["events", "amount", "users"], dimensions: ["country", "page"], slots: 16 },
];

/** Definitions with every aggregation over the property "amount". */
export function definitionsOf(spec: ProjectSpec = {}): Definitions {
  const { zone = "UTC", aroundMs = Date.UTC(2026, 0, 1), previous = [] } = spec;
  const metrics = METRICS.map(([name, aggregation, property], index) => {
    return create(MetricSchema, { number: index + 1, name, aggregation, property, unit: property === "" ? "" : "EUR" });
  });
  const rollups = (spec.rollups ?? ROLLUPS).map(({ name, metrics, dimensions, slots, maxTuples, startMs }, index) =>
    create(RollupSchema, {
      number: index + 1,
      name,
      metrics: [...metrics],
      dimensions: [...dimensions],
      slots: slots ?? 1,
      maxTuples: maxTuples ?? 0,
      ...(startMs !== undefined && { createTime: timestampFromMs(startMs) }),
    }),
  );
  return create(DefinitionsSchema, {
    projectId: "shop",
    revision: 1n,
    timeZone: zone,
    dayOffsetsMinutes: [...offsetsUsed(zone, aroundMs - YEAR_MS, aroundMs + YEAR_MS)],
    lateWindows: [create(LateWindowSchema, { window: create(DurationSchema, { seconds: 172_800n }) })],
    metrics,
    rollups,
    families: layoutFamilies(previous, rollups, metrics),
  });
}
