import { Failure } from "@millrace/failure";
import type { ClaimBatch } from "./cache.ts";
import { CLAIM_ID_BYTES } from "./claim-format.ts";
import { POSITION_BYTES } from "./position.ts";

/** Fails with `invalid` when the arrays hold less than `count` claims. */
export function checkBatch({ count, ids, slots, ...batch }: Omit<ClaimBatch, "positions"> & Partial<ClaimBatch>): void {
  const tooShort =
    ids.length < count * CLAIM_ID_BYTES ||
    slots.length < count ||
    (batch.positions !== undefined && batch.positions.length < count * POSITION_BYTES);
  if (tooShort) throw Failure.invalidField("count", "is more than the arrays hold");
}

/** Fails with `invalid` when a slot is no whole number. */
export function checkSlots(batch: Pick<ClaimBatch, "count" | "slots">): void {
  for (let i = 0; i < batch.count; i++) {
    if (!Number.isSafeInteger(batch.slots[i])) throw Failure.invalidField("slots", "must be whole numbers");
  }
}
