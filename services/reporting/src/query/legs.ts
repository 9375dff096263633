import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Rollup } from "@millrace/api/millrace/config/v1/rollup_pb";
import { Failure } from "@millrace/failure";
import { CELLS_MAX, type FamilyPlan, type RollupPlan } from "@millrace/rollup";
import type { Question } from "./question.ts";

/** What one rollup gives to an answer. */
export type Leg = {
  readonly rollup: RollupPlan;
  /** Every version of every family that ever stored it. */
  readonly families: readonly FamilyPlan[];
  /** Since when it counts, in epoch milliseconds; 0: since there is the project. */
  readonly startMs: number;
  /** Which states of its cells are wanted, by their place in a cell. */
  readonly states: readonly number[];
};

/** Where the value of an asked metric is: the leg, and the place of the state in the leg's cells. */
export type MetricPlace = { readonly leg: number; readonly state: number };

/** The rollups that answer a question, and where each of its metrics is. */
export type Legs = { readonly legs: readonly Leg[]; readonly places: readonly MetricPlace[] };

const DAY_MS = 86_400_000;
const DIMENSIONS_MAX = 6;

/**
 * Chooses the rollups that answer a question. A rollup covers a metric when it has the metric and every dimension that
 * the question or its filter names; merging over its other dimensions is exact. Of several, one that counts since the
 * range began goes first, then the one with the fewest dimensions, then the smallest.
 *
 * @throws Failure `precondition` (ROLLUP_MISSING) naming the rollup that would answer
 */
export function chooseLegs(definitions: Definitions, families: readonly FamilyPlan[], question: Question): Legs {
  const needed = new Set([...question.dimensions, ...question.filterFields]);
  const names = [...new Set(question.metrics.map(({ metric }) => metric.name))];
  const chosen = new Map<string, Rollup>();
  for (const name of names) {
    const rollup = best(name, needed, definitions.rollups, question.range.start);
    if (rollup !== undefined) chosen.set(name, rollup);
  }
  const missing = names.filter((name) => !chosen.has(name));
  if (missing.length > 0) throw rollupMissing(missing, [...needed]);
  const rollups = [...new Set(chosen.values())];
  const legs = rollups.map((rollup) => {
    const wanted = names.filter((name) => chosen.get(name) === rollup);
    return legOf(rollup, wanted, families);
  });
  const places = question.metrics.map(({ metric: { name } }) => {
    const leg = rollups.indexOf(chosen.get(name)!);
    return { leg, state: legs[leg]!.rollup.metrics.findIndex((metric) => metric.name === name) };
  });
  return { legs, places };
}

function best(metric: string, needed: ReadonlySet<string>, rollups: readonly Rollup[], fromMs: number) {
  const covering = rollups.filter(
    (rollup) => rollup.metrics.includes(metric) && [...needed].every((name) => rollup.dimensions.includes(name)),
  );
  return covering.sort(
    (a, b) =>
      daysMissed(a, fromMs) - daysMissed(b, fromMs) ||
      a.dimensions.length - b.dimensions.length ||
      cellsMax(a) - cellsMax(b) ||
      a.number - b.number,
  )[0];
}

function daysMissed(rollup: Rollup, fromMs: number): number {
  return Math.floor(Math.max(0, startMsOf(rollup) - fromMs) / DAY_MS);
}

function cellsMax({ slots, maxTuples }: Rollup): number {
  return Math.max(1, slots) * (maxTuples === 0 ? CELLS_MAX : maxTuples);
}

function startMsOf(rollup: Rollup): number {
  // What came with the template is as old as the project: before it there was nothing to count.
  return rollup.builtIn || rollup.createTime === undefined ? 0 : timestampMs(rollup.createTime);
}

function legOf(rollup: Rollup, wanted: readonly string[], families: readonly FamilyPlan[]): Leg {
  const storing = families.filter((family) => family.rollups.some(({ number }) => number === rollup.number));
  const plan = storing[0]?.rollups.find(({ number }) => number === rollup.number);
  if (plan === undefined) {
    throw new Failure("corrupt", "DATA_CORRUPT", `the rollup "${rollup.name}" is stored in no family`);
  }
  const states = wanted.map((name) => plan.metrics.findIndex((metric) => metric.name === name));
  return { rollup: plan, families: storing, startMs: startMsOf(rollup), states };
}

function rollupMissing(metrics: readonly string[], dimensions: readonly string[]): Failure {
  const by = dimensions.length === 0 ? "without dimensions" : `by ${dimensions.join(", ")}`;
  const problem = `no rollup keeps ${metrics.join(", ")} ${by}`;
  const metadata = { metrics: metrics.join(","), dimensions: dimensions.join(",") };
  if (dimensions.length > DIMENSIONS_MAX) {
    const message = `${problem}, and a rollup can have ${DIMENSIONS_MAX} dimensions: break down or filter by fewer`;
    return new Failure("precondition", "ROLLUP_MISSING", message, { metadata });
  }
  const name = ["by", ...dimensions.map((one) => one.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase())];
  const suggested = dimensions.length === 0 ? `${metrics[0]}_total` : name.join("_").slice(0, 63);
  const flags = [`--metrics ${metrics.join(",")}`, ...(dimensions.length > 0 ? [`--by ${dimensions.join(",")}`] : [])];
  const command = `millrace rollup create ${suggested} ${flags.join(" ")}`;
  const message = `${problem}; one that counts from now on is made by: ${command}`;
  return new Failure("precondition", "ROLLUP_MISSING", message, { metadata: { ...metadata, command } });
}
