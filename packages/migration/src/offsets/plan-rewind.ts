import type { GroupOffsets } from "../backends.ts";
import type { SavedOffsets } from "./saved-offsets.ts";

/** Claims are kept for the late window and this much lag: processing refuses to fold what is older. */
const FOLDABLE_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** What a rewind would do to one partition. */
export type RewindStep = {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** When the first record that is folded again was appended, in epoch milliseconds; undefined where there is none. */
  readonly oldestMs: number | undefined;
};

/** A rewind that was thought through. */
export type RewindPlan = {
  readonly groupId: string;
  readonly steps: readonly RewindStep[];
  /** Why it must not be done, in sentences for people; empty where it may. */
  readonly problems: readonly string[];
};

/**
 * Thinks a rewind through: what moves, and what forbids it. Forbidden is whatever would not give exact totals again: another topic or
 * generation, a group that somebody is in, offsets ahead of what is committed, records that are no longer kept, or that are
 * older than claims are kept for.
 *
 * @param appended when the first record from each wanted offset on was appended, where there is one
 */
export function planRewind(
  group: GroupOffsets,
  wanted: ReadonlyMap<number, number>,
  appended: ReadonlyMap<number, number>,
  nowMs: number,
): RewindPlan {
  const steps: RewindStep[] = [];
  const problems: string[] = [];
  if (group.members > 0) {
    problems.push(`The group ${group.groupId} has ${group.members} members: stop every processor first.`);
  }
  for (const { partition, committed = 0, first, end } of group.partitions) {
    const to = wanted.get(partition);
    if (to === undefined) {
      problems.push(`Nothing is said of partition ${partition}.`);
    } else if (to > committed) {
      problems.push(
        `Partition ${partition} is committed up to ${committed}: ${to} is ahead of it, and records would be left out.`,
      );
    } else if (to < first && to < end) {
      problems.push(`Partition ${partition} has its records from ${first} on: those from ${to} are no longer kept.`);
    } else {
      steps.push({ partition, from: committed, to, oldestMs: to < end ? appended.get(partition) : undefined });
    }
  }
  const oldest = steps.filter(({ from, to }) => to < from).map(({ oldestMs = nowMs }) => oldestMs);
  const hours = Math.floor((nowMs - Math.min(nowMs, ...oldest)) / HOUR_MS);
  if (hours * HOUR_MS >= FOLDABLE_MS) {
    problems.push(
      `The oldest record to fold again is ${hours} hours old: claims are kept for a lag of 24 hours, and processing folds nothing that ` +
        "is older.",
    );
  }
  return { groupId: group.groupId, steps, problems };
}

/** What is wrong with offsets that were saved: they are of another topic, generation or group. */
export function mismatches(saved: SavedOffsets, group: GroupOffsets): string[] {
  const problems: string[] = [];
  for (const name of ["topic", "generation", "group"] as const) {
    if (saved[name] !== group[name]) {
      problems.push(`The offsets are of ${name} ${saved[name]}, and here is ${name} ${group[name]}.`);
    }
  }
  return problems;
}
