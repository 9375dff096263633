import { BUCKETS_PER_ERA } from "@millrace/cell-store/cassandra";
import { FLUSH_INTERVAL_MS, TIER_MINUTES, TIERS, type Tier } from "@millrace/rollup";
import { bytesAt, type SizeCurve } from "./size-curve.ts";

const DAY_SECONDS = 86_400;

/** What is stored of projects of one slot. */
export type StoreLoadInput = {
  /** Of all events, by project. */
  readonly shares: Float64Array;
  readonly eventsPerSecond: number;
  readonly spreadOf: (share: number) => number;
  /** How often the finest tier is flushed; the others have their own intervals. */
  readonly finestFlushSeconds: number;
  /** The bytes of a block by the events in it. */
  readonly curve: SizeCurve;
};

/** What a tier takes of the store. */
export type TierLoad = {
  /** Blocks that are written in a second, those of one row again and again. */
  readonly writesPerSecond: number;
  readonly bytesWrittenPerSecond: number;
  /** Rows that a day leaves behind, and their bytes. */
  readonly rowsPerDay: number;
  readonly bytesPerDay: number;
  /** The largest partition: its bytes when its buckets are over. */
  readonly largestPartitionBytes: number;
  /** Writes in a second to the partition that is written most. */
  readonly hottestPartitionWrites: number;
};

/**
 * What the store has to take, tier by tier, where events come by chance at an even rate: a lane (a project's part in one
 * partition of the log) is written in a flush when it had an event since the last one, and has a row in a bucket when it had one
 * in it.
 */
export function storeLoad(input: StoreLoadInput): Record<Tier, TierLoad> {
  const found = TIERS.map((tier) => [tier, loadOf(tier, input)] as const);
  return Object.fromEntries(found) as Record<Tier, TierLoad>;
}

function loadOf(
  tier: Tier,
  { shares, eventsPerSecond, spreadOf, finestFlushSeconds, curve }: StoreLoadInput,
): TierLoad {
  const width = TIER_MINUTES[tier] * 60;
  const interval = FLUSH_INTERVAL_MS[tier] / 1_000 || finestFlushSeconds;
  const load = {
    ...{ writesPerSecond: 0, bytesWrittenPerSecond: 0, rowsPerDay: 0, bytesPerDay: 0 },
    ...{ largestPartitionBytes: 0, hottestPartitionWrites: 0 },
  };
  for (const share of shares) {
    const lanes = spreadOf(share);
    const rate = (eventsPerSecond * share) / lanes;
    const writes = hasEvent(rate * interval) / interval;
    const rows = (hasEvent(rate * width) * DAY_SECONDS) / width;
    const bytes = bytesAt(curve, eventsWhereAny(rate * width));
    load.writesPerSecond += lanes * writes;
    // A block is written while it grows: on average when half of its events are in it.
    load.bytesWrittenPerSecond += lanes * writes * bytesAt(curve, eventsWhereAny((rate * width) / 2));
    load.rowsPerDay += lanes * rows;
    load.bytesPerDay += lanes * rows * bytes;
    load.largestPartitionBytes = Math.max(load.largestPartitionBytes, BUCKETS_PER_ERA * bytes);
    load.hottestPartitionWrites = Math.max(load.hottestPartitionWrites, writes);
  }
  return load;
}

/** The chance that there is an event where `expected` are expected. */
function hasEvent(expected: number): number {
  return -Math.expm1(-expected);
}

/** How many events there are, on average, where there are any. */
export function eventsWhereAny(expected: number): number {
  return expected === 0 ? 1 : expected / hasEvent(expected);
}

/** Bytes of blocks that are kept in the end, each tier for so many days; without replicas and what the store adds. */
export function keptBytes(load: Record<Tier, TierLoad>, days: Readonly<Record<Tier, number>>): number {
  return TIERS.reduce((sum, tier) => sum + load[tier].bytesPerDay * days[tier], 0);
}
