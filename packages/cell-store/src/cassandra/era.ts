import { Failure } from "@millrace/failure";

/** The granularities that have a table of their own. */
export const TIERS = ["1m", "15m", "1h", "1d"] as const;
export type Tier = (typeof TIERS)[number];

/**
 * How many buckets of a lane (a slot of a source) share a partition. The largest block that a layout allows has 1 MiB,
 * so a partition never has more than 8 MiB of blobs.
 */
export const BUCKETS_PER_ERA = 8;
const WIDTH_MINUTES: Readonly<Record<Tier, number>> = { "1m": 1, "15m": 15, "1h": 60, "1d": 1440 };

/** The table that a granularity's blocks are in. Fails with `invalid` for one that has none. */
export function tierOf(granularity: string): Tier {
  const name = granularity.startsWith("1d") ? "1d" : granularity;
  const tier = TIERS.find((one) => one === name);
  if (tier !== undefined) return tier;
  throw Failure.invalidField("granularity", `is "${granularity}"; kept are ${TIERS.join(", ")}`);
}

/** How many minutes an era of a tier covers. */
export function eraMinutes(tier: Tier): number {
  return WIDTH_MINUTES[tier] * BUCKETS_PER_ERA;
}
