import type { StoredState } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import type { HighestBuckets } from "../blocks/block-table.ts";

/** The kind of the states that hold checkpoints. */
export const CHECKPOINT_KIND = "checkpoint";

/**
 * The highest bucket of each granularity that records below the committed offset were folded into. A block of a later
 * bucket holds only what will be folded again, so it need not be read.
 *
 * @param wts rises from checkpoint to checkpoint of a source
 */
export function checkpointState(source: string, highest: HighestBuckets, wts: number): StoredState {
  const value = Buffer.from(JSON.stringify([...highest]));
  return { kind: CHECKPOINT_KIND, source, name: "highest", wts, value };
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
