import { FLUSH_INTERVAL_MS, type Tier } from "@millrace/rollup";
import type { BlockTable } from "../blocks/block-table.ts";
import type { FoldPosition } from "../fold/fold-position.ts";

/** The fold whose progress it is. */
export type FoldState = {
  readonly position: FoldPosition;
  readonly table: BlockTable;
  /** Aborted when the partition is not ours any more. */
  readonly stopped: AbortSignal;
};

/** Up to where something is durable: all records below the offset, all appended up to the time. */
export type DurableTo = {
  readonly offset: number;
  /** In epoch milliseconds; 0 when it is not known. */
  readonly timeMs: number;
};

const REST_MAX_MS = 250;

/** How far one tier of a partition is durable, and when it may be flushed again. */
export class TierProgress {
  readonly tier: Tier;
  readonly #fold: FoldState;
  readonly #intervalMs: number;
  #durable: DurableTo;
  #flush: (DurableTo & { readonly beganMs: number }) | undefined;
  #dueMs = 0;

  /**
   * @param fold at the committed offset
   * @param intervalScale 1 for the usual intervals; less for fresher coarse tiers and more writes
   */
  constructor(tier: Tier, fold: FoldState, intervalScale: number) {
    this.tier = tier;
    this.#fold = fold;
    this.#intervalMs = FLUSH_INTERVAL_MS[tier] * intervalScale;
    this.#durable = { offset: fold.position.nextOffset, timeMs: 0 };
  }

  get isFlushing(): boolean {
    return this.#flush !== undefined;
  }

  /** P1: how far the tier is durable: to where the fold is when nothing of it waits to be stored. */
  get watermark(): DurableTo {
    const { position, table, stopped } = this.#fold;
    if (this.isFlushing || table.dirtyCount(this.tier) > 0 || stopped.aborted) return this.#durable;
    return { offset: position.nextOffset, timeMs: position.timeMs };
  }

  /** How long a flush must still wait, at `nowMs` of a clock that never steps back. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#dueMs - nowMs);
  }

  /** Marks a flush as begun. */
  began(nowMs: number): void {
    const { nextOffset, lastAppendMs } = this.#fold.position;
    // What is folded from here on is not promised by this flush, though some of it may be stored by it.
    this.#flush = { beganMs: nowMs, offset: nextOffset, timeMs: lastAppendMs };
    this.#dueMs = nowMs + this.#intervalMs;
  }

  /**
   * Marks the flush as ended: what was folded when it began is durable now. The finest tier flushes again at once, but
   * rests for as long as this flush took, so that under load one flush serves many records.
   */
  ended(nowMs: number): void {
    const { beganMs, offset, timeMs } = this.#flush!;
    this.#flush = undefined;
    this.#dueMs = Math.max(this.#dueMs, nowMs + Math.min(REST_MAX_MS, nowMs - beganMs));
    this.#durable = {
      offset: Math.max(this.#durable.offset, offset),
      timeMs: Math.max(this.#durable.timeMs, timeMs),
    };
  }
}
