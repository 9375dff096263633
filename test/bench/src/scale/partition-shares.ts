import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DefinitionsSchema, LateWindowSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { partitionOf, type StampRules, stampRulesOf } from "@millrace/ingest";

/** A project shall not take more of a partition than this part of what an average partition takes. */
const PART_OF_A_PARTITION = 1 / 4;
const lateWindows = [create(LateWindowSchema, { window: durationFromMs(48 * 3_600_000) })];

/** The id of the project that is at a place by its size, from 0. */
export function projectAt(place: number): string {
  return `site-${place}`;
}

/** How ingest routes the events of a project. */
export function rulesOf(projectId: string, spread: number): StampRules {
  return stampRulesOf(create(DefinitionsSchema, { projectId, spread, lateWindows }));
}

/**
 * The spread that keeps a project from making a partition hot: the least at which it takes at most a quarter of an average
 * partition in each of its own.
 *
 * @param share of all events, from 0 to 1
 */
export function spreadFor(share: number, partitions: number): number {
  return Math.min(partitions, Math.max(1, Math.ceil((share * partitions) / PART_OF_A_PARTITION)));
}

/** The partitions that a project's events go to, each in its place. */
export function partitionsOf(rules: StampRules, partitions: number): number[] {
  return Array.from({ length: Math.min(rules.spread, partitions) }, (_, hash) => partitionOf(rules, hash, partitions));
}

/** What part of all events each partition gets. */
export function partitionShares(
  shares: Float64Array,
  partitions: number,
  spreadOf: (share: number) => number,
): Float64Array {
  const found = new Float64Array(partitions);
  for (const [place, share] of shares.entries()) {
    const own = partitionsOf(rulesOf(projectAt(place), spreadOf(share)), partitions);
    for (const partition of own) found[partition]! += share / own.length;
  }
  return found;
}

/** How uneven partitions are. */
export type Unevenness = {
  /** The largest, in averages. */
  readonly largest: number;
  /** How many have more than twice the average. */
  readonly hot: number;
};

/** How uneven shares are that add up to 1. */
export function unevenness(shares: Float64Array): Unevenness {
  const average = 1 / shares.length;
  return { largest: Math.max(...shares) / average, hot: shares.filter((share) => share > 2 * average).length };
}
