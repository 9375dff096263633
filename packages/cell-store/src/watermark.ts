import { Failure } from "@millrace/failure";
import type { StoredState } from "./cell-store.ts";

/** The kind of the states that hold watermarks. Their name is the tier. */
export const WATERMARK_KIND = "watermark";

/** How far the blocks of one tier and source are durable. */
export type Watermark = {
  /** The source, such as "1:7". */
  readonly source: string;
  /** The tier, such as "1m". */
  readonly tier: string;
  /** Every record below this offset is in durable blocks of the tier. */
  readonly offset: number;
  /** Everything appended before this moment, in epoch milliseconds, is in them; of the moment itself, perhaps not all. */
  readonly timeMs: number;
};

const BYTES = 16;

/** A watermark as a state: two little-endian doubles. Its write time rises with its time, so that no zombie moves it back. */
export function watermarkState(watermark: Watermark): StoredState {
  const value = Buffer.alloc(BYTES);
  value.writeDoubleLE(watermark.offset, 0);
  value.writeDoubleLE(watermark.timeMs, 8);
  const { source, tier, timeMs } = watermark;
  return { kind: WATERMARK_KIND, source, name: tier, wts: Math.floor(timeMs * 1000), value };
}

/** Reads what {@link watermarkState} made. Throws a Failure `corrupt` on anything else. */
export function watermarkOf(state: StoredState): Watermark {
  if (state.value.length !== BYTES) {
    throw new Failure("corrupt", "DATA_CORRUPT", `the watermark of ${state.source} ${state.name} is damaged`);
  }
  const value = Buffer.from(state.value.buffer, state.value.byteOffset, BYTES);
  return { source: state.source, tier: state.name, offset: value.readDoubleLE(0), timeMs: value.readDoubleLE(8) };
}
