import { bucketCeilingOf, bucketStartOf, type Granularity, type GranularityKey, granularityOf } from "./tiers.ts";

/** A granularity whose buckets may be used, as far as they lie inside its window. */
export type TileSource = {
  readonly key: GranularityKey;
  /** The minute from which on there are cells (retention). Absent: always. */
  readonly availableFrom?: number | undefined;
  /** The minute up to which, exclusive, there are cells (watermark). Absent: always. */
  readonly availableTo?: number | undefined;
};

/** Consecutive buckets of one granularity: the starts from `from` to before `to`, in minutes. */
export type TileRun = { readonly key: GranularityKey; readonly from: number; readonly to: number };

/** A stretch of minutes, [from, to), that no bucket fits. */
export type Uncovered = {
  readonly from: number;
  readonly to: number;
  /** The finest granularity that has cells of the whole stretch, though also of minutes around it. Absent: none has. */
  readonly finest?: GranularityKey;
};

/** How a range is put together. Runs and stretches are in order and never overlap. */
export type Tiling = { readonly runs: readonly TileRun[]; readonly uncovered: readonly Uncovered[] };

type Source = { readonly granularity: Granularity; readonly from: number; readonly to: number };

/**
 * Covers a range of UTC minutes with stored buckets, as few as possible: the widest granularity gets all of the range
 * that its buckets fit, finer ones the edges. Where wide buckets would leave an edge that nothing fits, because what is
 * finer is no longer kept, they give way to narrower ones.
 *
 * Every minute is in exactly one run or in one uncovered stretch. A bucket is used only when it lies wholly inside both
 * the range and its granularity's window. With 15-minute cells, hours and day cells at a zone's offsets there, every
 * local day since 1972 is covered.
 *
 * @param startMinute inclusive
 * @param endMinute exclusive
 * @param sources at most 8 granularities, in any order
 */
export function tiles(startMinute: number, endMinute: number, sources: readonly TileSource[]): Tiling {
  const widestFirst = sources
    .map((source) => ({
      granularity: granularityOf(source.key),
      from: source.availableFrom ?? Number.NEGATIVE_INFINITY,
      to: source.availableTo ?? Number.POSITIVE_INFINITY,
    }))
    .sort((a, b) => b.granularity.widthMinutes - a.granularity.widthMinutes);
  const plan = cover(startMinute, endMinute, widestFirst);
  return { runs: plan.runs, uncovered: plan.uncovered.map((stretch) => withFinest(stretch, widestFirst)) };
}

type Plan = {
  readonly runs: readonly TileRun[];
  readonly uncovered: readonly { readonly from: number; readonly to: number }[];
};

function cover(from: number, to: number, sources: readonly Source[]): Plan {
  if (from >= to) return { runs: [], uncovered: [] };
  const chosen = widestThatFits(from, to, sources);
  if (chosen === undefined) return { runs: [], uncovered: [{ from, to }] };
  const others = sources.filter((source) => source !== chosen.source);
  const before = cover(from, chosen.run.from, others);
  const after = cover(chosen.run.to, to, others);
  const plan = {
    runs: [...before.runs, chosen.run, ...after.runs],
    uncovered: [...before.uncovered, ...after.uncovered],
  };
  if (plan.uncovered.length === 0) return plan;
  const without = cover(from, to, others);
  return minutes(without) < minutes(plan) ? without : plan;
}

/** Of the sources of the greatest width that has a bucket inside [from, to), the one that covers most of it. */
function widestThatFits(from: number, to: number, sources: readonly Source[]) {
  let best: { source: Source; run: TileRun } | undefined;
  for (const source of sources) {
    const { granularity } = source;
    if (best !== undefined && granularity.widthMinutes < best.source.granularity.widthMinutes) break;
    const first = bucketCeilingOf(granularity, Math.max(from, source.from));
    const end = bucketStartOf(granularity, Math.min(to, source.to));
    if (first < end && (best === undefined || end - first > best.run.to - best.run.from)) {
      best = { source, run: { key: granularity.key, from: first, to: end } };
    }
  }
  return best;
}

function minutes(plan: Plan): number {
  return plan.uncovered.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
}

function withFinest(stretch: { from: number; to: number }, widestFirst: readonly Source[]): Uncovered {
  const finest = widestFirst.findLast(({ granularity, from, to }) => {
    const first = bucketStartOf(granularity, stretch.from);
    return first >= from && bucketCeilingOf(granularity, stretch.to) <= to;
  });
  return finest === undefined ? stretch : { ...stretch, finest: finest.granularity.key };
}
