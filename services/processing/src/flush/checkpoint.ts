import type { StoredState } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import type { HighestBuckets } from "../blocks/block-table.ts";

/** The kind of the states that hold checkpoints. */
export const CHECKPOINT_KIND = "checkpoint";

/** The write time of a checkpoint at offset 0. */
const FIRST_WTS = 1;

/**
 * The highest bucket of each granularity that records below the committed offset were folded into. A block of a later
 * bucket holds only what will be folded again, so it need not be read.
 *
 * @param offset the offset that is about to be committed: its write time rises with it, so that no zombie moves it back
 */
export function checkpointState(source: string, highest: HighestBuckets, offset: number): StoredState {
  const value = Buffer.from(JSON.stringify([...highest]));
  return { kind: CHECKPOINT_KIND, source, name: "highest", wts: offset + FIRST_WTS, value };
}

/** The highest offset that a source's checkpoint was made for; `undefined` where it never had one. */
export function checkpointOffsetOf(states: readonly StoredState[], source: string): number | undefined {
  const state = states.find((candidate) => candidate.source === source);
  return state && state.wts - FIRST_WTS;
}

/** Reads the checkpoint of a source; `undefined` where it never had one, and then no block of it can be stored. */
export function checkpointOf(states: readonly StoredState[], source: string): HighestBuckets | undefined {
  const state = states.find((candidate) => candidate.source === source);
  if (state === undefined) return undefined;
  try {
    return new Map(JSON.parse(Buffer.from(state.value).toString("utf8")));
  } catch (cause) {
    throw new Failure("corrupt", "DATA_CORRUPT", `the checkpoint of ${source} is damaged`, { cause });
  }
}
