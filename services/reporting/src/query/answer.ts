import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Query, Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { BlockReader } from "@millrace/cell-store";
import { type FamilyPlan, localBuckets, type Range, readableFamilies, shiftRange, type Tier } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import type { ReportingLimits } from "../limits.ts";
import { chooseLegs, type Legs } from "./legs.ts";
import { pageOf } from "./page.ts";
import { fromPageToken, toPageToken } from "./page-token.ts";
import { type Plan, planReads, wholeRange } from "./plan.ts";
import type { Question } from "./question.ts";
import { type Reading, readLegs } from "./read.ts";
import { shapeResult } from "./shape.ts";
import { tierWindows } from "./tier-windows.ts";
import { joinTuples, type Tuple } from "./tuples.ts";
import { validateQuery } from "./validate.ts";
import { lowestOf, readWatermarks, type Watermarks } from "./watermarks.ts";

/** What answers are made from. */
export type AnswerDeps = {
  readonly store: BlockReader;
  readonly snapshot: Pick<Snapshot, "definitions" | "servedGeneration">;
  readonly limits: ReportingLimits;
};

/** An answer, and what of the store it was read from. */
export type Answer = {
  readonly result: Result;
  /** The families whose blocks were read, such as "main@3". */
  readonly families: ReadonlySet<string>;
  /** The stretches of time that were read. */
  readonly ranges: readonly Range[];
  /** The tiers whose blocks were read. */
  readonly tiers: ReadonlySet<Tier>;
  /** What a relative range came to, and in which zone. */
  readonly resolved: Range;
  readonly zone: string;
  readonly watermarks: Watermarks;
  /** How many blocks it was put together from. */
  readonly blockCount: number;
};

/** A part of an answer: what the range that was asked about, or the one it is compared with, gave. */
export type Part = { readonly plan: Plan; readonly reading: Reading; readonly tuples: readonly Tuple[] };

/**
 * Answers a query: validate → choose rollups → plan → read and merge → order and page → shape.
 *
 * @param now in epoch milliseconds
 * @throws Failure `invalid`, `precondition` (ROLLUP_MISSING), `outOfRange` (GRANULARITY_NOT_KEPT), `exhausted`
 *   (RESULT_TOO_LARGE), and as the snapshot and the store do; the signal's reason when it aborts
 */
export async function answerQuery(
  projectId: string,
  query: Query,
  now: number,
  signal: AbortSignal,
  deps: AnswerDeps,
): Promise<Answer> {
  const { store, snapshot, limits } = deps;
  const definitions = await snapshot.definitions(projectId, { signal });
  const generation = await snapshot.servedGeneration(projectId, { signal });
  const start = fromPageToken(projectId, query);
  const question = validateQuery(definitions, query, now, start?.resolved);
  const legs = chooseLegs(definitions, familiesOf(definitions), question);
  // The watermarks first: what they promise is then in the blocks that are read.
  const watermarks = await readWatermarks(store, signal);
  const sources = tierWindows(definitions, watermarks, now);
  const readPart = async (range: Range, subject: string): Promise<Part> => {
    const { zone, granularity } = question;
    const plan = planReads({ zone, granularity, range, sources, subject, bucketsMax: limits.bucketsMax });
    const reading = await readLegs(legs.legs, plan, question, { store, generation, limits, signal, sources });
    return { plan, reading, tuples: joinTuples(reading.tallies, legs, question.dimensions.length) };
  };
  const asked = await readPart(question.range, "the range");
  const compared =
    question.comparison && (await readPart(comparedRange(question, asked.plan), "the range compared with"));
  const tiers = new Set([...asked.reading.tiers, ...(compared?.reading.tiers ?? [])]);
  const page = pageOf(asked.tuples, asked.plan.buckets.length, question, start?.after, limits);
  const resolved = { range: question.range, ...(question.unit && { unit: question.unit }) };
  const result = shapeResult({
    question,
    legs,
    asked,
    compared,
    rows: page.rows,
    watermarkMs: lowestOf(watermarks, tiers),
    lateWindows: definitions.lateWindows,
    nextPageToken: page.last === undefined ? "" : toPageToken(projectId, query, { resolved, after: page.last }),
  });
  return {
    result,
    families: familyIds(legs),
    ranges: [asked, ...(compared ? [compared] : [])].map(({ plan }) => wholeRange(plan)),
    tiers,
    resolved: question.range,
    zone: question.zone,
    watermarks,
    blockCount: asked.reading.blockCount + (compared?.reading.blockCount ?? 0),
  };
}

/** The range to compare with, not longer than as many buckets as the answer has: they are compared one by one. */
function comparedRange({ zone, granularity, comparison, unit }: Question, plan: Plan): Range {
  const range = shiftRange(zone, wholeRange(plan), comparison!, unit);
  if (granularity === undefined) return range;
  let end = range.end;
  let count = 0;
  for (const bucket of localBuckets(zone, granularity, range.start, range.end)) {
    end = bucket.end;
    count += 1;
    if (count === plan.buckets.length) break;
  }
  return { start: range.start, end };
}

const familiesByDefinitions = new WeakMap<Definitions, readonly FamilyPlan[]>();

/** A revision never changes, so its families are made once. */
function familiesOf(definitions: Definitions): readonly FamilyPlan[] {
  let families = familiesByDefinitions.get(definitions);
  if (families === undefined) {
    families = readableFamilies(definitions);
    familiesByDefinitions.set(definitions, families);
  }
  return families;
}

function familyIds({ legs }: Legs): ReadonlySet<string> {
  return new Set(legs.flatMap((leg) => leg.families.map(({ id }) => id)));
}
