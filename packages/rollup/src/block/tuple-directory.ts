/** How many tuples there is room for at first, and how many bytes of them. */
const PLACES_MIN = 1024;
const BYTES_MIN = 32 * 1024;

/** Half of the places stay free, so that a search ends soon. */
const FILL_MAX = 0.5;

/**
 * Numbers the different tuples that a reader meets, from 0, without making a text of each again: most are met in every
 * bucket. The caller bounds how many it lets in.
 */
export class TupleDirectory {
  /** The text of each tuple, by its number. */
  readonly texts: string[] = [];
  readonly #ends: number[] = [];
  /** Which tuple came after each the last time: blocks hold theirs in one order, so that it mostly comes again. */
  readonly #following: number[] = [];
  #last = 0;
  #hashes: Int32Array<ArrayBuffer> = new Int32Array(PLACES_MIN);
  /** A tuple's number + 1, at its place; 0 where there is none. */
  #places: Int32Array<ArrayBuffer> = new Int32Array(PLACES_MIN * 2);
  #bytes = Buffer.allocUnsafe(BYTES_MIN);
  readonly #seed: number;

  /**
   * @param seed a 32-bit number that outsiders can't know: tuples come from outside, and could otherwise be made to fall
   *   onto one place
   */
  constructor(seed: number) {
    this.#seed = seed | 1;
  }

  /** The number of the tuple whose text is `bytes` from `from` to `to`; -1 when it was not met before. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const expected = this.#following[this.#last];
    if (expected !== undefined && this.#holds(expected, bytes, from, to)) {
      this.#last = expected;
      return expected;
    }
    const hash = hashOf(this.#seed, bytes, from, to);
    const mask = this.#places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const number = this.#places[place]! - 1;
      if (number < 0) return -1;
      if (this.#hashes[number] === hash && this.#holds(number, bytes, from, to)) return this.#follow(number);
    }
  }

  /** Adds a tuple that is not there yet; gives its number. */
  add(bytes: Uint8Array, from: number, to: number, text: string): number {
    const number = this.texts.length;
    const start = number === 0 ? 0 : this.#ends[number - 1]!;
    const end = start + to - from;
    this.#makeRoom(number, start, end);
    this.#bytes.set(bytes.subarray(from, to), start);
    this.texts.push(text);
    this.#ends.push(end);
    this.#hashes[number] = hashOf(this.#seed, bytes, from, to);
    this.#place(number);
    return this.#follow(number);
  }

  #follow(number: number): number {
    this.#following[this.#last] = number;
    this.#last = number;
    return number;
  }

  #holds(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = number === 0 ? 0 : this.#ends[number - 1]!;
    if (this.#ends[number]! - start !== to - from) return false;
    const held = this.#bytes;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== held[j]) return false;
    return true;
  }

  #makeRoom(number: number, usedBytes: number, bytes: number): void {
    if (bytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, usedBytes);
      this.#bytes = larger;
    }
    if (number === this.#hashes.length) this.#hashes = grown(this.#hashes);
    if (number < this.#places.length * FILL_MAX) return;
    this.#places = new Int32Array(this.#places.length * 2);
    for (let i = 0; i < number; i++) this.#place(i);
  }

  #place(number: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let place = this.#hashes[number]! & mask;
    while (places[place] !== 0) place = (place + 1) & mask;
    places[place] = number + 1;
  }
}

function grown(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

/** FNV-1a with a seed, its bits mixed at the end as murmur3 does. */
function hashOf(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
