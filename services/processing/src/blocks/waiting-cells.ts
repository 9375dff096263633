import { type BlockSchema, type DeltaPart, packCells } from "@millrace/rollup";
import type { MemoryBudget } from "./memory-budget.ts";

type MinuteCells = DeltaPart["cells"][number];

/** Roughly what packed cells take beside their length. */
const PACKED_BYTES = 150;

/**
 * The cells of one record while blocks wait for them: packed, once for the blocks of all tiers, and counted once, from
 * the first block that holds them to the last.
 */
export class WaitingCells {
  readonly #budget: MemoryBudget;
  readonly #packed = new Map<MinuteCells, Uint8Array>();
  #bytes = 0;
  #holders = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** The cells of some parts, minute by minute, for a block that waits. It lets go of them by `release`. */
  hold(schema: BlockSchema, parts: readonly DeltaPart[]): readonly Uint8Array[] {
    this.#holders += 1;
    return parts.flatMap(({ cells }) => cells.map((minute) => this.#pack(schema, minute)));
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#budget.add(-this.#bytes);
    this.#bytes = 0;
  }

  /** To be called when all blocks that wait hold their cells: the objects are not needed any more. */
  close(): void {
    this.#packed.clear();
  }

  #pack(schema: BlockSchema, minute: MinuteCells): Uint8Array {
    let packed = this.#packed.get(minute);
    if (packed === undefined) {
      packed = packCells(schema, minute);
      this.#packed.set(minute, packed);
      this.#bytes += PACKED_BYTES + packed.length;
      this.#budget.add(PACKED_BYTES + packed.length);
    }
    return packed;
  }
}
