import { type CellStore, WATERMARK_KIND, watermarkOf } from "@millrace/cell-store";
import type { Tier } from "@millrace/rollup";

/**
 * Up to when each tier is durable in all partitions of a generation, as they wrote it: in epoch milliseconds, and 0 while
 * one of them has not written it.
 */
export async function storedWatermarks(
  store: CellStore,
  log: { readonly generation: number; readonly partitionCount: number },
  signal?: AbortSignal,
): Promise<(tier: Tier) => Promise<number>> {
  const states = await store.readStates(WATERMARK_KIND, signal === undefined ? {} : { signal });
  const timeMs = new Map(states.map(watermarkOf).map((mark) => [`${mark.source} ${mark.tier}`, mark.timeMs]));
  const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
  return async (tier) =>
    Math.min(...partitions.map((partition) => timeMs.get(`${log.generation}:${partition} ${tier}`) ?? 0));
}
