import { Failure } from "@millrace/failure";

/** The widths that cells are stored in, finest first. */
export const TIERS = ["1m", "15m", "1h", "1d"] as const;

/** A width that cells are stored in. */
export type Tier = (typeof TIERS)[number];

/**
 * A granularity as it stands in a block's key: a tier, and for day cells the UTC offset in minutes of the midnight that
 * they begin at: `1d+0`, `1d+60`, `1d-300`. Written in one way only: `1d-0` and `1d+060` are refused.
 */
export type GranularityKey = "1m" | "15m" | "1h" | `1d+${number}` | `1d-${number}`;

/** What a granularity key says. */
export type Granularity = {
  readonly key: GranularityKey;
  readonly tier: Tier;
  /** How many minutes a bucket is wide. */
  readonly widthMinutes: number;
  /** The UTC offset of day cells, in minutes; 0 for the other tiers. */
  readonly offsetMinutes: number;
};

/** How many minutes a bucket of each tier is wide. */
export const TIER_MINUTES: Readonly<Record<Tier, number>> = { "1m": 1, "15m": 15, "1h": 60, "1d": 1440 };

/** How many minutes each tier is kept where the definitions say nothing; Infinity is for ever. */
export const DEFAULT_RETENTION_MINUTES: Readonly<Record<Tier, number>> = {
  "1m": 7 * 1440,
  "15m": 396 * 1440,
  "1h": Number.POSITIVE_INFINITY,
  "1d": Number.POSITIVE_INFINITY,
};

/**
 * After how many milliseconds at most a tier's dirty blocks are flushed: 1 % of the width, and not more than a minute,
 * which is what a restart may have to fold again. 0: as soon as the flush before has ended.
 */
export const FLUSH_INTERVAL_MS: Readonly<Record<Tier, number>> = { "1m": 0, "15m": 9_000, "1h": 36_000, "1d": 60_000 };

/** No zone has ever been further than this from UTC. */
const OFFSET_MINUTES_MAX = 24 * 60 - 1;

const parsed = new Map<string, Granularity>();
for (const tier of ["1m", "15m", "1h"] as const) {
  parsed.set(tier, { key: tier, tier, widthMinutes: TIER_MINUTES[tier], offsetMinutes: 0 });
}

/**
 * Reads a granularity key. The answer for a key is always the same object; there are at most a few thousand keys.
 *
 * @throws Failure `corrupt` when `key` is not a granularity key: keys come from what we stored.
 */
export function granularityOf(key: string): Granularity {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const offsetMinutes = /^1d[+-]\d{1,4}$/.test(key) ? Number(key.slice(2)) : Number.NaN;
  if (!(Math.abs(offsetMinutes) <= OFFSET_MINUTES_MAX) || dayKey(offsetMinutes) !== key) {
    throw new Failure("corrupt", "DATA_CORRUPT", `"${key}" is not a stored granularity`);
  }
  const granularity: Granularity = { key, tier: "1d", widthMinutes: 1440, offsetMinutes };
  parsed.set(key, granularity);
  return granularity;
}

/**
 * The key of day cells that begin at midnight of a UTC offset.
 *
 * @param offsetMinutes whole minutes east of UTC, from -1439 to 1439
 */
export function dayKey(offsetMinutes: number): GranularityKey {
  return offsetMinutes < 0 ? `1d-${-offsetMinutes}` : `1d+${offsetMinutes + 0}`;
}

/** Every granularity that is stored for a project whose day cells begin at the given offsets, finest first. */
export function granularityKeys(dayOffsetsMinutes: readonly number[]): readonly GranularityKey[] {
  return ["1m", "15m", "1h", ...dayOffsetsMinutes.map(dayKey)];
}

/** The tier of a granularity key. */
export function tierOf(key: string): Tier {
  return granularityOf(key).tier;
}

/** How many minutes a bucket of the key is wide. */
export function widthMinutes(key: string): number {
  return granularityOf(key).widthMinutes;
}

/**
 * The start of the bucket that holds a minute. Minutes are whole, counted in UTC from 1970-01-01T00:00Z, and may be
 * negative. A day cell at offset o begins where (minute + o) is a multiple of 1,440.
 */
export function bucketStart(key: string, minute: number): number {
  return bucketStartOf(granularityOf(key), minute);
}

/** {@link bucketStart} for a key that was read already. */
export function bucketStartOf(granularity: Granularity, minute: number): number {
  const { widthMinutes: width, offsetMinutes } = granularity;
  return Math.floor((minute + offsetMinutes) / width) * width - offsetMinutes;
}

/** The first bucket start at `minute` or after it. */
export function bucketCeilingOf(granularity: Granularity, minute: number): number {
  const { widthMinutes: width, offsetMinutes } = granularity;
  return Math.ceil((minute + offsetMinutes) / width) * width - offsetMinutes;
}

/** The whole minute that holds a moment. */
export function minuteOf(epochMs: number): number {
  return Math.floor(epochMs / 60_000);
}

/**
 * Whether a bucket is still kept: it is while its start is inside the retention. The fold asks with the minute at which
 * the event was received, so that a replay years later answers the same.
 *
 * @param bucket the bucket's start
 * @param minute the minute from which the retention is counted back
 * @param retentionMinutes how long the tier is kept
 */
export function isKept(bucket: number, minute: number, retentionMinutes: number): boolean {
  return bucket >= minute - retentionMinutes;
}
