import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Failure } from "@millrace/failure";
import { hashWords, murmur3Text } from "@millrace/hash";

const ROUTE_SEED = 0;

/** What a revision of a project's definitions says about its events on their way into the log. */
export type StampRules = {
  readonly projectId: string;
  readonly revision: number;
  readonly processingVersion: number;
  /** Over how many partitions the project's events go, at least 1. */
  readonly spread: number;
  /** Where among the partitions the project begins. */
  readonly projectHash: number;
  /** All of the project id's hash: what sets its event ids apart from those of other projects. */
  readonly projectWords: readonly [number, number, number, number];
  /** By start, oldest first; the first starts at -Infinity. */
  readonly lateWindows: readonly { readonly startMs: number; readonly windowMs: number }[];
};

const known = new WeakMap<Definitions, StampRules>();

/** The rules of a revision. Made once for each. */
export function stampRulesOf(definitions: Definitions): StampRules {
  let rules = known.get(definitions);
  if (rules === undefined) {
    rules = makeRules(definitions);
    known.set(definitions, rules);
  }
  return rules;
}

function makeRules(definitions: Definitions): StampRules {
  const { projectId } = definitions;
  if (definitions.lateWindows.length === 0) {
    throw new Failure("internal", "INTERNAL", `The definitions of project "${projectId}" have no late window`);
  }
  murmur3Text(projectId, ROUTE_SEED);
  return {
    projectId,
    revision: Number(definitions.revision),
    processingVersion: definitions.processingVersion,
    spread: Math.max(1, definitions.spread),
    projectHash: hashWords[0]!,
    projectWords: [hashWords[0]!, hashWords[1]!, hashWords[2]!, hashWords[3]!],
    lateWindows: definitions.lateWindows.map(({ startTime, window }, i) => ({
      startMs: i === 0 || startTime === undefined ? Number.NEGATIVE_INFINITY : epochMs(startTime),
      windowMs: window === undefined ? 0 : epochMs(window),
    })),
  };
}

/** Whether an event came after the late window that is in force at its own time. */
export function isLate(rules: StampRules, timeMs: number, receivedAtMs: number): boolean {
  const { lateWindows } = rules;
  let i = lateWindows.length - 1;
  while (i > 0 && lateWindows[i]!.startMs > timeMs) i--;
  return timeMs < receivedAtMs - lateWindows[i]!.windowMs;
}

/**
 * The partition of an event: `(hash(project) + hash(routing key) mod spread) mod partitions`, so that a project keeps to
 * `spread` neighbouring partitions, and what has the same routing key to one.
 *
 * @param routeHash murmur3's first word of the routing key with seed 0
 */
export function partitionOf(rules: StampRules, routeHash: number, partitions: number): number {
  return (rules.projectHash + (routeHash % Math.min(rules.spread, partitions))) % partitions;
}

function epochMs({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
}
