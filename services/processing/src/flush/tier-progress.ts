import { FLUSH_INTERVAL_MS, type Tier } from "@millrace/rollup";

/** How far one tier of a partition is durable, and when it may be flushed again. */
export class TierProgress {
  readonly tier: Tier;
  /** Every record below this offset is in durable blocks of the tier. */
  durableOffset: number;
  /** Everything appended up to this moment is in them, in epoch milliseconds. 0: not known. */
  durableTimeMs = 0;
  flushing = false;
  readonly #intervalMs: number;
  #dueMs = 0;

  /**
   * @param startOffset the committed offset
   * @param intervalScale 1 for the usual intervals; less for fresher coarse tiers and more writes
   */
  constructor(tier: Tier, startOffset: number, intervalScale: number) {
    this.tier = tier;
    this.durableOffset = startOffset;
    this.#intervalMs = FLUSH_INTERVAL_MS[tier] * intervalScale;
  }

  /** How long a flush must still wait, at `nowMs` of a clock that never steps back. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#dueMs - nowMs);
  }

  /**
   * Marks a flush as begun. The finest tier flushes again as soon as this one has ended, but rests for as long as it
   * took, so that under load one flush serves many records.
   */
  began(nowMs: number): void {
    this.flushing = true;
    this.#dueMs = nowMs + this.#intervalMs;
  }

  /** Marks a flush as ended, whose records below `offset`, appended up to `timeMs`, are durable now. */
  ended(beganMs: number, nowMs: number, offset: number, timeMs: number): void {
    this.flushing = false;
    this.#dueMs = Math.max(this.#dueMs, nowMs + Math.min(REST_MAX_MS, nowMs - beganMs));
    this.durableOffset = Math.max(this.durableOffset, offset);
    this.durableTimeMs = Math.max(this.durableTimeMs, timeMs);
  }
}

const REST_MAX_MS = 250;
