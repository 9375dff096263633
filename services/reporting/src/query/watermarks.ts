import { type BlockReader, WATERMARK_KIND, type Watermark, watermarkOf } from "@millrace/cell-store";
import type { Tier } from "@millrace/rollup";

/** How far the blocks of each tier are durable. */
export type Watermarks = {
  /** Everything appended up to then is in the tier's blocks, in epoch milliseconds; 0 when nothing is known. */
  readonly timeMs: Readonly<Record<Tier, number>>;
  /** Changes whenever records were folded into stored blocks, and only then. */
  readonly position: string;
};

/**
 * Reads the watermarks, lowest over all partitions of the log. Must be read before the blocks that they speak of. Of a partition the
 * last generation's count: those of one before stand still for good.
 */
export async function readWatermarks(store: BlockReader, signal?: AbortSignal): Promise<Watermarks> {
  const states = await store.readStates(WATERMARK_KIND, signal ? { signal } : {});
  const marks = ofLastGenerations(states.map(watermarkOf));
  const sources = new Set(marks.map((mark) => mark.source)).size;
  const lowest = (tier: Tier) => {
    const times = marks.filter((mark) => mark.tier === tier).map((mark) => mark.timeMs);
    return times.length === 0 || times.length < sources ? 0 : Math.min(...times);
  };
  const position = marks.map(({ source, tier, offset }) => `${source}/${tier}:${offset}`).sort();
  return {
    timeMs: { "1m": lowest("1m"), "15m": lowest("15m"), "1h": lowest("1h"), "1d": lowest("1d") },
    position: position.join(" "),
  };
}

function ofLastGenerations(marks: readonly Watermark[]): Watermark[] {
  const last = new Map<number, number>();
  const placed = marks.map((mark) => {
    const [generation = 0, partition = 0] = mark.source.split(":").map(Number);
    last.set(partition, Math.max(generation, last.get(partition) ?? 0));
    return { mark, generation, partition };
  });
  return placed.filter(({ generation, partition }) => generation === last.get(partition)).map(({ mark }) => mark);
}

/** The lowest watermark of some tiers; of the finest when there are none. */
export function lowestOf(watermarks: Watermarks, tiers: ReadonlySet<Tier>): number {
  if (tiers.size === 0) return watermarks.timeMs["1m"];
  return Math.min(...[...tiers].map((tier) => watermarks.timeMs[tier]));
}
