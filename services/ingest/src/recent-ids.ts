const WORDS = 4;
/** Slots are twice the ids, so that probes stay short. */
const SLOTS_PER_ID = 2;

/**
 * Remembers the 128-bit hashes of ids that were appended in the last minutes, in memory of a fixed size: two
 * generations, of which the older is forgotten when the newer is full or old. It may forget early, and never invents.
 */
export class RecentIds {
  readonly #idsMax: number;
  readonly #slotMask: number;
  readonly #generationMs: number;
  #newer: Int32Array;
  #older: Int32Array;
  #count = 0;
  #olderCount = 0;
  #begunMs = 0;

  /**
   * @param idsMax how many ids a generation remembers, a power of two
   * @param keptMs how long an id is remembered at most, in milliseconds
   */
  constructor(idsMax: number, keptMs: number) {
    this.#idsMax = idsMax;
    this.#slotMask = idsMax * SLOTS_PER_ID - 1;
    this.#generationMs = keptMs / 2;
    this.#newer = new Int32Array(idsMax * SLOTS_PER_ID * WORDS);
    this.#older = new Int32Array(idsMax * SLOTS_PER_ID * WORDS);
  }

  /** Tells whether the hash `hashes[at, at + 4)` was added lately. */
  has(hashes: Int32Array, at: number): boolean {
    return this.#find(this.#newer, hashes, at) < 0 || this.#find(this.#older, hashes, at) < 0;
  }

  /** Remembers the hash `hashes[at, at + 4)`. */
  add(hashes: Int32Array, at: number): void {
    if (this.#count >= this.#idsMax) this.#turn();
    const slot = this.#find(this.#newer, hashes, at);
    if (slot < 0) return;
    this.#newer[slot] = firstWord(hashes, at);
    for (let i = 1; i < WORDS; i++) this.#newer[slot + i] = hashes[at + i]!;
    this.#count++;
  }

  /** Forgets what has become too old. To be called before ids are added or asked for; cheap. */
  passTime(nowMs: number): void {
    if (nowMs - this.#begunMs < this.#generationMs && nowMs >= this.#begunMs) return;
    const isLong = nowMs - this.#begunMs >= 2 * this.#generationMs;
    this.#turn();
    if (isLong) this.#turn();
    this.#begunMs = nowMs;
  }

  #turn(): void {
    const older = this.#older;
    this.#older = this.#newer;
    this.#newer = older;
    // Memory that was never written to is not touched, so that an idle process stays small.
    if (this.#olderCount > 0) this.#newer.fill(0);
    this.#olderCount = this.#count;
    this.#count = 0;
  }

  /** The place of the empty slot where the hash belongs, or -1 when it is there already. */
  #find(table: Int32Array, hashes: Int32Array, at: number): number {
    const first = firstWord(hashes, at);
    let slot = hashes[at + 1]! & this.#slotMask;
    for (;;) {
      const place = slot * WORDS;
      const word = table[place]!;
      if (word === 0) return place;
      if (
        word === first &&
        table[place + 1] === hashes[at + 1] &&
        table[place + 2] === hashes[at + 2] &&
        table[place + 3] === hashes[at + 3]
      ) {
        return -1;
      }
      slot = (slot + 1) & this.#slotMask;
    }
  }
}

/** Zero marks an empty slot, so that a hash that begins with it is taken for its neighbour. */
function firstWord(hashes: Int32Array, at: number): number {
  return hashes[at] === 0 ? 1 : hashes[at]!;
}
