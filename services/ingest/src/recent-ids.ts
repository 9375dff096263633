const WORDS = 4;
/** Ids to a set: 64 bytes, a line of the processor's cache, so that asking costs one access to memory. */
const WAYS = 4;

/**
 * Remembers the 128-bit hashes of ids that were appended in the last minutes, in memory of a fixed size: sets of four,
 * chosen by the hash's first word; the other three words are compared. A full set gives up one of its ids for a new
 * one, so it may forget early, and never invents.
 */
export class RecentIds {
  readonly #setMask: number;
  readonly #keptSeconds: number;
  /** Of each id: three words of its hash, and the second it was added, counted from `#epochMs`; 0 is none. */
  readonly #ids: Int32Array;
  #epochMs = 0;
  #second = 1;
  #turn = 0;

  /**
   * @param idsMax how many ids are remembered, a power of two, at least 4
   * @param keptMs how long an id is remembered at most, in milliseconds
   */
  constructor(idsMax: number, keptMs: number) {
    this.#setMask = idsMax / WAYS - 1;
    this.#keptSeconds = Math.ceil(keptMs / 1000);
    this.#ids = new Int32Array(idsMax * WORDS);
  }

  /** Tells what the time is, in epoch milliseconds. To be called before ids are added or asked for; cheap. */
  passTime(nowMs: number): void {
    if (this.#epochMs === 0) this.#epochMs = nowMs;
    // A clock that is set back stands still here.
    this.#second = Math.max(this.#second, 1 + Math.floor((nowMs - this.#epochMs) / 1000));
  }

  /** Sets `isKnown[i]` to 1 where the hash `hashes[4i, 4i + 4)` was added lately, else to 0, for `i` below `count`. */
  find(hashes: Int32Array, count: number, isKnown: Uint8Array): void {
    // The table is larger than the processor's near caches. Nothing here waits for the place before, so many are on their
    // way at once.
    for (let i = 0; i < count; i++) isKnown[i] = this.has(hashes, 4 * i) ? 1 : 0;
  }

  /** Tells whether the hash `hashes[at, at + 4)` was added lately. */
  has(hashes: Int32Array, at: number): boolean {
    const ids = this.#ids;
    const oldest = Math.max(1, this.#second - this.#keptSeconds);
    const set = (hashes[at]! & this.#setMask) * WAYS * WORDS;
    for (let place = set; place < set + WAYS * WORDS; place += WORDS) {
      if (
        ids[place] === hashes[at + 1] &&
        ids[place + 1] === hashes[at + 2] &&
        ids[place + 2] === hashes[at + 3] &&
        ids[place + 3]! >= oldest
      ) {
        return true;
      }
    }
    return false;
  }

  /** Remembers the hash `hashes[at, at + 4)`. */
  add(hashes: Int32Array, at: number): void {
    const ids = this.#ids;
    const oldest = Math.max(1, this.#second - this.#keptSeconds);
    const set = (hashes[at]! & this.#setMask) * WAYS * WORDS;
    this.#turn = (this.#turn + 1) % WAYS;
    let place = set + this.#turn * WORDS;
    for (let other = set; other < set + WAYS * WORDS; other += WORDS) {
      if (ids[other + 3]! < oldest) place = other;
    }
    ids[place] = hashes[at + 1]!;
    ids[place + 1] = hashes[at + 2]!;
    ids[place + 2] = hashes[at + 3]!;
    ids[place + 3] = this.#second;
  }
}
