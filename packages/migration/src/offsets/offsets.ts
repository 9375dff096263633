import { type Environment, kafkaSettingsOf, parseEnvironment, silentLogger } from "@millrace/runtime";
import { type GroupOffsets, type KafkaOptions, OFFSETS } from "../backends.ts";
import { KAFKA_TABLE } from "../variables.ts";
import { mismatches, planRewind, type RewindPlan } from "./plan-rewind.ts";
import type { SavedOffsets } from "./saved-offsets.ts";

/** Where a rewind goes: to offsets that were written down, or to the first record of a moment, in epoch milliseconds. */
export type RewindTarget = { readonly saved: SavedOffsets } | { readonly timeMs: number };

/**
 * How far the processors' group is in the topic of events.
 *
 * @param environment says where Kafka is, by the variables that services have
 * @throws Failure `invalid` where the environment is wrong, `precondition` where the topic is not as it was prepared,
 *   `unavailable` where Kafka can't be reached
 */
export async function groupOffsets(environment: Environment): Promise<GroupOffsets> {
  const { options, group } = settingsOf(environment);
  return OFFSETS.readGroupOffsets(options, group);
}

/**
 * Thinks a rewind through and, unless it is only asked about, does it. May be done again. Fails as {@link groupOffsets} does.
 *
 * @returns what it did, or would do; where there are problems nothing is changed
 */
export async function rewind(
  environment: Environment,
  target: RewindTarget,
  { nowMs, isDryRun }: { readonly nowMs: number; readonly isDryRun: boolean },
): Promise<RewindPlan & { readonly isDone: boolean }> {
  const { options, group } = settingsOf(environment);
  const plan = await planOf(options, await OFFSETS.readGroupOffsets(options, group), target, nowMs);
  const isDone = !isDryRun && plan.problems.length === 0;
  const moved = plan.steps.filter(({ from, to }) => to < from);
  if (isDone && moved.length > 0) {
    await OFFSETS.commitGroupOffsets(options, group, new Map(moved.map(({ partition, to }) => [partition, to])));
  }
  return { ...plan, isDone };
}

async function planOf(
  options: KafkaOptions,
  now: GroupOffsets,
  target: RewindTarget,
  nowMs: number,
): Promise<RewindPlan> {
  if ("saved" in target) {
    const others = mismatches(target.saved, now);
    if (others.length > 0) return { groupId: now.groupId, steps: [], problems: others };
  }
  const wanted = "saved" in target ? target.saved.offsets : await offsetsByTime(options, now, target.timeMs);
  const kept = now.partitions.flatMap(({ partition, first, end }) => {
    const offset = wanted.get(partition);
    return offset !== undefined && offset >= first && offset < end ? [[partition, offset] as const] : [];
  });
  return planRewind(now, wanted, await OFFSETS.appendTimes(options, new Map(kept)), nowMs);
}

/** Of a moment; a partition in which nothing was appended since stays where it is. */
async function offsetsByTime(
  options: KafkaOptions,
  { partitions }: GroupOffsets,
  timeMs: number,
): Promise<ReadonlyMap<number, number>> {
  const found = await OFFSETS.offsetsAtTime(options, timeMs);
  return new Map(
    partitions.map(({ partition, committed = 0 }) => [
      partition,
      Math.min(committed, found.get(partition) ?? committed),
    ]),
  );
}

function settingsOf(environment: Environment): { options: KafkaOptions; group: string } {
  const values = parseEnvironment(KAFKA_TABLE, environment);
  const options = { ...kafkaSettingsOf(values), clientId: "millrace-offsets", log: silentLogger() };
  return { options, group: values.kafkaGroup };
}
