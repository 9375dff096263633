import type { BlockKey } from "@millrace/cell-store";
import {
  applyDelta,
  applyPacked,
  Block,
  cellsIn,
  type DeltaPart,
  type FamilyPlan,
  type PartialBlock,
  splicePacked,
  type Tier,
} from "@millrace/rollup";
import type { WaitingCells } from "./waiting-cells.ts";

/** What one record adds to a block that is not in memory. */
type WaitingRecord = {
  readonly offset: number;
  readonly appendTimeMs: number;
  /** The cells of each minute, packed. */
  readonly minutes: readonly Uint8Array[];
  readonly cells: WaitingCells;
};

/** Roughly what a waiting record holds beside its cells. */
const WAITING_BYTES = 200;

/** Roughly what the entry itself holds: key, places in maps. */
const ENTRY_BYTES = 400;

/** A block that gets more than so many records, or cells of one record, is opened and takes them at once. */
const WAITING_MAX = 3;
const WAITING_CELLS_MAX = 64;

/**
 * A stored block of at most so many bytes is held as these bytes: that is a tenth of what its objects take, and no work
 * for the garbage collector. Of a hundred thousand small projects nearly all blocks are such.
 */
const RESTING_BYTES_MAX = 4_096;

/** Roughly what bytes take beside their length. */
const BLOB_BYTES = 200;

/** That no block is stored. */
const NOTHING = new Uint8Array(0);

/**
 * A block as the fold knows it: as objects, or as it was last stored with the records that wait to be folded in, or on
 * disk. Records are folded in the order of their offsets in any case, so all ways give the same block (P3).
 */
export class BlockEntry {
  readonly key: BlockKey;
  readonly tier: Tier;
  readonly family: FamilyPlan;
  /** True from the first change that is not stored yet until the flush that takes it. */
  dirty = false;
  /** True while a flush has it: it must stay in memory. */
  flushing = false;
  /** The longest retention that a record was folded with, in minutes; Infinity is for ever. */
  retentionMinutes = 0;
  /** Memory that the table has counted for it. */
  countedBytes = 0;
  /** Open cells that the table has counted for it. */
  countedCells = 0;
  #block: Block | undefined;
  /** What is stored, where that is known and there is no `#block`; NOTHING where no such block is stored. */
  #stored: Uint8Array | undefined;
  #waiting: WaitingRecord[] = [];

  /** @param isNew whether no such block can be stored, so that none need be read */
  constructor(key: BlockKey, tier: Tier, family: FamilyPlan, isNew: boolean) {
    this.key = key;
    this.tier = tier;
    this.family = family;
    if (isNew) this.#stored = NOTHING;
  }

  /** Whether nothing needs to be read before it can be stored. */
  get resident(): boolean {
    return this.#block !== undefined || this.#stored !== undefined;
  }

  /** The cells of the block, as far as it is open. */
  get cells(): number {
    return this.#block?.cellCount ?? 0;
  }

  /** Memory held now, roughly; without the cells that wait, which it shares with blocks of other tiers. */
  get bytes(): number {
    const block = this.#block?.approximateBytes ?? BLOB_BYTES + (this.#stored?.length ?? 0);
    return ENTRY_BYTES + block + this.#waiting.length * WAITING_BYTES;
  }

  /**
   * Folds a record in, or lets it wait for the block. A record that the block has seen changes nothing (P2).
   *
   * @param cells packs what waits, for all blocks that the record adds to
   */
  add(offset: number, appendTimeMs: number, parts: readonly DeltaPart[], cells: WaitingCells): void {
    const isMuch = this.#waiting.length >= WAITING_MAX || cellsIn(parts) > WAITING_CELLS_MAX;
    if (isMuch && this.resident) this.#open();
    if (this.#block !== undefined) {
      applyDelta(this.#block, parts, offset, appendTimeMs);
      return;
    }
    const minutes = cells.hold(this.family.schema, parts);
    this.#waiting.push({ offset, appendTimeMs, minutes, cells });
  }

  /** Takes the stored block, or that there is none, where it was not known. */
  load(blob: Uint8Array | undefined): void {
    if (!this.resident) this.#stored = blob ?? NOTHING;
  }

  /** Lets go of what waits. */
  dropWaiting(): void {
    for (const { cells } of this.#waiting) cells.release();
    this.#waiting = [];
  }

  /** The bytes to store, with their write time. The block must be resident. */
  encode(): { readonly blob: Uint8Array; readonly wts: number } {
    const block = this.#open();
    return { blob: block.encode(), wts: block.wts };
  }

  /**
   * As `encode`, for a small block that is held as bytes, without making objects of it: what changed is not known then.
   * Undefined where that can't be, and then `encode` can.
   */
  encodeAtRest(): { readonly blob: Uint8Array; readonly wts: number } | undefined {
    let encoded: { readonly blob: Uint8Array; readonly wts: number } | undefined;
    for (let record = this.#waiting[0]; record !== undefined; record = this.#waiting[0]) {
      const { minutes, offset, appendTimeMs, cells } = record;
      if (this.#block !== undefined || this.#stored === undefined || minutes.length !== 1) return undefined;
      const stored = this.#stored === NOTHING ? undefined : this.#stored;
      encoded = splicePacked(this.family.schema, stored, minutes[0]!, offset, appendTimeMs);
      if (encoded === undefined) return undefined;
      this.#stored = encoded.blob;
      this.#waiting.shift();
      cells.release();
    }
    return encoded;
  }

  /**
   * Lets go of the objects of a small block. To be called after `encode` and what is asked of the changes, before anything
   * else is folded in.
   *
   * @param blob what `encode` gave
   */
  rest(blob: Uint8Array): void {
    if (this.#block === undefined || blob.length > RESTING_BYTES_MAX) return;
    this.#stored = blob;
    this.#block = undefined;
  }

  /** The cells that changed since this was last asked. */
  takeTouched(): PartialBlock | undefined {
    return this.#open().takeTouched();
  }

  /** Forgets which cells changed: nobody is told of what is stored with them. */
  dropTouched(): void {
    this.#block?.dropTouched();
  }

  /** The block as objects, with all that has waited folded in. */
  #open(): Block {
    if (this.#block !== undefined) return this.#block;
    const { schema } = this.family;
    if (this.#stored === undefined) throw new Error("the block is not in memory");
    const block = this.#stored === NOTHING ? Block.empty(schema) : Block.decode(schema, this.#stored);
    for (const { minutes, offset, appendTimeMs } of this.#waiting) applyPacked(block, minutes, offset, appendTimeMs);
    this.dropWaiting();
    this.#stored = undefined;
    this.#block = block;
    return block;
  }
}
