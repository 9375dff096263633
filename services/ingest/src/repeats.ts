import { BATCH_LIMITS } from "./event-limits.ts";

/** A power of two, over twice the events of a batch. */
const SLOTS = 4096;

/** Finds the events of one batch that repeat an id of it. Reused from batch to batch, without clearing. */
export class Repeats {
  readonly #firsts = new Int16Array(SLOTS);
  readonly #batches = new Uint32Array(SLOTS);
  #batch = 0;

  /** Begins with another batch, of at most {@link BATCH_LIMITS}.events events. */
  begin(): void {
    this.#batch = (this.#batch + 1) >>> 0;
    if (this.#batch === 0) this.#batches.fill(0);
    if (this.#batch === 0) this.#batch = 1;
  }

  /** The index of the batch's first event with the same hash (4 words at `4 * index`), or -1 and `index` is now that. */
  firstOf(hashes: Int32Array, index: number): number {
    const at = 4 * index;
    let slot = hashes[at]! & (SLOTS - 1);
    while (this.#batches[slot] === this.#batch) {
      const other = 4 * this.#firsts[slot]!;
      if (
        hashes[other] === hashes[at] &&
        hashes[other + 1] === hashes[at + 1] &&
        hashes[other + 2] === hashes[at + 2] &&
        hashes[other + 3] === hashes[at + 3]
      ) {
        return this.#firsts[slot]!;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#batches[slot] = this.#batch;
    this.#firsts[slot] = index;
    return -1;
  }
}

if (SLOTS < 2 * BATCH_LIMITS.events) throw new Error("a batch has more events than Repeats has room for");
