import type { ClaimBatch, ClaimStore } from "../cache.ts";
import { CLAIM_ID_BYTES, claimId } from "../claim-format.ts";
import { POSITION_BYTES, packPosition, unpackPosition } from "../position.ts";

/** A store that was opened for one test. */
export type OpenedClaims = {
  /** Fresh and empty. */
  readonly store: ClaimStore;
  /** Closes the store and opens it again with what it holds. */
  readonly reopen: () => Promise<ClaimStore>;
  /** Frees everything; the stores may be closed already. */
  readonly dispose: () => Promise<void>;
};

/** A claim as tests write it: an id, the slot, and the offset that stands for a position. */
export type Claim = { readonly id: string; readonly slot: number; readonly offset: number };

/** Packs claims of partition 0 of generation 1, into Buffers as processing does: some methods of theirs are others. */
export function claims(list: readonly Claim[]): ClaimBatch {
  const ids = Buffer.alloc(list.length * CLAIM_ID_BYTES);
  const positions = Buffer.alloc(list.length * POSITION_BYTES);
  list.forEach(({ id, offset }, i) => {
    const bytes = Buffer.from(id);
    claimId("project", bytes, 0, bytes.length, ids, i * CLAIM_ID_BYTES);
    packPosition({ generation: 1, partition: 0, offset, index: 0 }, positions, i * POSITION_BYTES);
  });
  return { count: list.length, ids, slots: Float64Array.from(list, (claim) => claim.slot), positions };
}

/** The offsets of owners, -1 where there is none. */
export function offsets(owners: Uint8Array): number[] {
  return Array.from({ length: owners.length / POSITION_BYTES }, (_, i) => {
    return unpackPosition(owners, i * POSITION_BYTES)?.offset ?? -1;
  });
}
