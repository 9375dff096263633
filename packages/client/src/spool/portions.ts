import type { BufferLimits } from "../buffer/event-buffer.ts";
import type { SegmentContent } from "./segment-format.ts";

/** Frames in portions of the size of batches. */
export function* portionsOf(
  { frames, count, starts }: SegmentContent,
  { batchEvents, batchBytes }: BufferLimits,
): Generator<{ frames: Uint8Array; count: number }> {
  for (let from = 0, to = 0; from < count; from = to) {
    const begin = starts[from]!;
    const endOf = (index: number): number => starts[index + 1] ?? frames.length;
    to = from + 1;
    while (to < count && to - from < batchEvents && endOf(to) - begin <= batchBytes) to++;
    yield { frames: frames.slice(begin, endOf(to - 1)), count: to - from };
  }
}
