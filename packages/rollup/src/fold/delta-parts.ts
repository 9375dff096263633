import type { Cell } from "../block/schema.ts";
import { slotOf } from "../block/slot-of.ts";
import { bucketStartOf, type Granularity, isKept, minuteOf } from "../time/tiers.ts";
import type { Delta, DeltaPart, FamilyDelta, MinuteCells } from "./delta.ts";
import { entry } from "./entry.ts";

/** A granularity that is stored, and for how many minutes; Infinity is for ever. */
export type KeptGranularity = { readonly granularity: Granularity; readonly retentionMinutes: number };

/**
 * The blocks that a delta adds to, each with its cells. A bucket that was no longer kept when the section was received
 * has none: that depends on nothing but the record (P3).
 */
export function deltaParts(delta: Delta, granularities: readonly KeptGranularity[]): readonly DeltaPart[] {
  const parts: DeltaPart[] = [];
  const received = minuteOf(delta.receivedAtMs);
  for (const family of delta.families) {
    for (const [slot, minutes] of slotsOf(family)) {
      for (const { granularity, retentionMinutes } of granularities) {
        for (const [bucket, cells] of buckets(minutes, granularity)) {
          if (!isKept(bucket, received, retentionMinutes)) continue;
          parts.push({ family: family.family, granularity: granularity.key, bucket, slot, retentionMinutes, cells });
        }
      }
    }
  }
  return parts;
}

/** The minutes of each bucket, in rising order: in it, and then by first appearance, tuples come to a block. */
function buckets(minutes: ReadonlyMap<number, MinuteCells>, granularity: Granularity): Map<number, MinuteCells[]> {
  const found = new Map<number, MinuteCells[]>();
  for (const [minute, cells] of [...minutes].sort((a, b) => a[0] - b[0])) {
    entry(found, bucketStartOf(granularity, minute), () => []).push(cells);
  }
  return found;
}

/** The family's cells by slot and minute. */
function slotsOf(delta: FamilyDelta): ReadonlyMap<number, ReadonlyMap<number, MinuteCells>> {
  const { slots } = delta.family;
  if (slots === 1) return new Map([[0, delta.minutes]]);
  const bySlot = new Map<number, Map<number, Map<string, Cell>[]>>();
  for (const [minute, rollups] of delta.minutes) {
    for (const [index, cells] of rollups.entries()) {
      for (const [tuple, cell] of cells) {
        const slot = slotOf(tuple, slots);
        const minutes = entry(bySlot, slot, () => new Map());
        entry(minutes, minute, () => rollups.map(() => new Map()))[index]!.set(tuple, cell);
      }
    }
  }
  return bySlot;
}
