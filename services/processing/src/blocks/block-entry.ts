import type { BlockKey } from "@millrace/cell-store";
import { applyDelta, Block, type DeltaPart, type FamilyPlan, type PartialBlock, type Tier } from "@millrace/rollup";

/** What one record adds to a block that is not in memory. */
type WaitingRecord = { readonly offset: number; readonly appendTimeMs: number; readonly parts: readonly DeltaPart[] };

/** Roughly what a waiting record holds beside its cells, and what a cell of it holds. */
const WAITING_BYTES = 200;
const WAITING_CELL_BYTES = 250;

/**
 * A block as the fold knows it: in memory, or on disk with the records that wait to be folded in. Records are folded in
 * the order of their offsets either way, so both ways give the same block (P3).
 */
export class BlockEntry {
  readonly key: BlockKey;
  readonly tier: Tier;
  readonly family: FamilyPlan;
  /** True from the first change that is not stored yet until the flush that takes it. */
  dirty = false;
  /** True while a flush has it: it must stay in memory. */
  flushing = false;
  /** Memory that the table has counted for it. */
  countedBytes = 0;
  #block: Block | undefined;
  #waiting: WaitingRecord[] = [];
  #waitingBytes = 0;

  /** @param isNew whether no such block can be stored, so that none need be read */
  constructor(key: BlockKey, tier: Tier, family: FamilyPlan, isNew: boolean) {
    this.key = key;
    this.tier = tier;
    this.family = family;
    if (isNew) this.#block = Block.empty(family.schema);
  }

  get resident(): boolean {
    return this.#block !== undefined;
  }

  /** Memory held now, roughly. */
  get bytes(): number {
    return (this.#block?.approximateBytes ?? 0) + this.#waitingBytes;
  }

  /** Folds a record in, or lets it wait for the block. A record that the block has seen changes nothing (P2). */
  add(offset: number, appendTimeMs: number, parts: readonly DeltaPart[]): void {
    if (this.#block !== undefined) {
      applyDelta(this.#block, parts, offset, appendTimeMs);
      return;
    }
    this.#waiting.push({ offset, appendTimeMs, parts });
    this.#waitingBytes += WAITING_BYTES + cellsIn(parts) * WAITING_CELL_BYTES;
  }

  /** Takes the stored block, or that there is none, and folds in what has waited. */
  load(blob: Uint8Array | undefined): void {
    if (this.#block !== undefined) return;
    const { schema } = this.family;
    const block = blob === undefined ? Block.empty(schema) : Block.decode(schema, blob);
    for (const record of this.#waiting) applyDelta(block, record.parts, record.offset, record.appendTimeMs);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#block = block;
  }

  /** The bytes to store, with their write time. The block must be in memory. */
  encode(): { readonly blob: Uint8Array; readonly wts: number } {
    const block = this.#loaded();
    return { blob: block.encode(), wts: block.wts };
  }

  /** The cells that changed since this was last asked. */
  takeTouched(): PartialBlock | undefined {
    return this.#loaded().takeTouched();
  }

  /** Forgets which cells changed: nobody is told of what is stored with them. */
  dropTouched(): void {
    this.#loaded().dropTouched();
  }

  #loaded(): Block {
    if (this.#block === undefined) throw new Error("the block is not in memory");
    return this.#block;
  }
}

/** How many cells parts hold. Blocks of several tiers share them, so that they are counted too often rather than never. */
function cellsIn(parts: readonly DeltaPart[]): number {
  let cells = 0;
  for (const part of parts) for (const minute of part.cells) for (const rollup of minute) cells += rollup.size;
  return cells;
}
