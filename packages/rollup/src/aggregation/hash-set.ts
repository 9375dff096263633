import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";

const INITIAL_MEMBERS = 4;

/**
 * A small sorted set of 64-bit hashes, each as two 32-bit words. Most sets have a handful of members and there are
 * millions of them, so they are in a plain array: a typed one costs 200 bytes before its first element.
 */
export class HashSet {
  /** Pairs of words as signed integers, which need no boxes, in unsigned order of the first, then the second. */
  #words: number[];
  #size = 0;

  constructor(capacity: number = INITIAL_MEMBERS) {
    this.#words = new Array<number>(capacity * 2).fill(0);
  }

  /** How many members there are. */
  get size(): number {
    return this.#size;
  }

  /** How many bytes the members' array takes. */
  get heldBytes(): number {
    return 8 * this.#words.length;
  }

  /** Adds a member, unless it is there. */
  add(word0: number, word1: number): void {
    const high = word0 | 0;
    const low = word1 | 0;
    const at = this.#find(high, low);
    if (at < 0) return;
    if (this.#size * 2 === this.#words.length) {
      this.#words = this.#words.concat(new Array<number>(this.#words.length).fill(0));
    }
    const words = this.#words;
    for (let i = this.#size * 2 - 1; i >= at * 2; i--) words[i + 2] = words[i]!;
    words[at * 2] = high;
    words[at * 2 + 1] = low;
    this.#size += 1;
  }

  /** Calls `visit` with each member, in order. */
  forEach(visit: (word0: number, word1: number) => void): void {
    for (let i = 0; i < this.#size; i++) visit(this.#words[i * 2]!, this.#words[i * 2 + 1]!);
  }

  /** Writes the members in order, eight bytes each. */
  write(writer: ByteWriter): void {
    for (let i = 0; i < this.#size * 2; i++) writer.fixed32(this.#words[i]!);
  }

  /** Reads `size` members. */
  static read(reader: ByteReader, size: number): HashSet {
    const set = new HashSet(Math.max(size, INITIAL_MEMBERS));
    const words = set.#words;
    for (let i = 0; i < size * 2; i += 2) {
      words[i] = reader.fixed32() | 0;
      words[i + 1] = reader.fixed32() | 0;
      if (i > 0 && order(words, i - 2, words[i]!, words[i + 1]!) >= 0) throw corrupt("hashes are out of order");
    }
    set.#size = size;
    return set;
  }

  /** Where the member belongs that is not there yet; -1 when it is there. */
  #find(high: number, low: number): number {
    const words = this.#words;
    let from = 0;
    let to = this.#size;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const compared = order(words, middle * 2, high, low);
      if (compared === 0) return -1;
      if (compared < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function order(words: readonly number[], at: number, high: number, low: number): number {
  return (words[at]! >>> 0) - (high >>> 0) || (words[at + 1]! >>> 0) - (low >>> 0);
}
