import type { Block } from "../block/block.ts";
import type { DeltaPart } from "./delta.ts";

/**
 * Folds what one record adds to a block into it, unless the block has seen the record already (P2: redelivery never
 * changes a block).
 *
 * @param block the block that the parts name
 * @param parts everything that the record adds to this block: one part for each of its sections that adds to it, in
 *   their order. A record is folded into a block whole, never half
 * @param offset the record's offset
 * @param appendTimeMs when the log took the record, in epoch milliseconds
 * @returns whether the block was changed
 */
export function applyDelta(block: Block, parts: readonly DeltaPart[], offset: number, appendTimeMs: number): boolean {
  if (offset <= block.off) return false;
  for (const part of parts) {
    for (const minute of part.cells) {
      for (let rollup = 0; rollup < minute.length; rollup++) {
        for (const [tuple, cell] of minute[rollup]!) block.merge(rollup, tuple, cell);
      }
    }
  }
  block.advance(offset, appendTimeMs);
  return true;
}
