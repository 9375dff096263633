import { type ClaimBatch, claimId, POSITION_BYTES, packPosition } from "@millrace/cache";

/** Past all times of the tests. */
export const KEEP_MS = 4_000_000_000_000;
const SLOT = 28_000_000;
const ID_BYTES = 16;

/** Claims of the ids `from` to `from + count - 1`, in one slot, each at the position of its number plus `shift`. */
export function claimsOf(from: number, count: number, shift = 0): ClaimBatch {
  const ids = new Uint8Array(count * ID_BYTES);
  const positions = new Uint8Array(count * POSITION_BYTES);
  for (let i = 0; i < count; i++) {
    const id = Buffer.from(`id ${from + i}`);
    claimId("project", id, 0, id.length, ids, i * ID_BYTES);
    packPosition({ generation: 1, partition: 0, offset: from + i + shift, index: 0 }, positions, i * POSITION_BYTES);
  }
  return { count, ids, slots: new Float64Array(count).fill(SLOT), positions };
}

/** Whether each claim of the batch is owned by its own position. */
export function ownsAll(owners: Uint8Array, batch: ClaimBatch): boolean {
  return Buffer.compare(owners, batch.positions) === 0;
}
