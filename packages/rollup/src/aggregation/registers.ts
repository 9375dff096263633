import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";

const RANK_BITS = 6;

/** Room for the sparse form up to the size of the greatest dense one, and the four entries that may overshoot it. */
const sparse = new Uint8Array((2 ** 14 * RANK_BITS) / 8 + 4 * 3);

/**
 * The registers of a HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) over 64-bit hashes: the hash's first
 * `precision` bits choose a register, which keeps the greatest rank (position of the first one bit) of the rest.
 */
export class Registers {
  readonly precision: number;
  readonly #ranks: Uint8Array;
  /** The same, four at a time. */
  readonly #words: Uint32Array;

  constructor(precision: number) {
    this.precision = precision;
    this.#words = new Uint32Array(2 ** precision / 4);
    this.#ranks = new Uint8Array(this.#words.buffer);
  }

  /** Roughly how many bytes the registers take in memory, with the two views and their buffer. */
  get heldBytes(): number {
    return 280 + this.#ranks.length;
  }

  /** Adds a hash. */
  add(word0: number, word1: number): void {
    const index = word0 >>> (32 - this.precision);
    const rest = word0 << this.precision;
    const rank = rest === 0 ? 33 - this.precision + Math.clz32(word1) : 1 + Math.clz32(rest);
    if (rank > this.#ranks[index]!) this.#ranks[index] = rank;
  }

  /** Adds all that `other`, of the same precision, has seen. */
  merge(other: Registers): void {
    const words = this.#words;
    const ranks = this.#ranks;
    const theirs = other.#ranks;
    for (let w = 0; w < words.length; w++) {
      const word = other.#words[w]!;
      if (word === 0 || word === words[w]) continue;
      for (let i = w * 4; i < w * 4 + 4; i++) {
        if (theirs[i]! > ranks[i]!) ranks[i] = theirs[i]!;
      }
    }
  }

  /**
   * How many different hashes were added, by the improved raw estimator of Otmar Ertl (arXiv 1702.01284, algorithm 6):
   * unbiased over the whole range, with a relative standard error of about 1.04 / sqrt(2^precision).
   */
  estimate(): number {
    const size = this.#ranks.length;
    const maxRank = this.#maxRank();
    const counts = new Array<number>(maxRank + 1).fill(0);
    for (const rank of this.#ranks) counts[rank]! += 1;
    let z = size * tau(1 - counts[maxRank]! / size);
    for (let rank = maxRank - 1; rank >= 1; rank--) z = (z + counts[rank]!) / 2;
    z += size * sigma(counts[0]! / size);
    return size ** 2 / (2 * Math.LN2 * z);
  }

  /**
   * Writes 1 and all registers, 6 bits each; or where that takes fewer bytes, 2n + 1 and the n registers that are not
   * zero, each as its distance from the one before times 64 plus its rank.
   */
  write(writer: ByteWriter): void {
    const { count, bytes } = this.#packSparsely();
    if (bytes < this.#denseBytes()) {
      writer.varint(count * 2 + 1);
      writer.raw(sparse.subarray(0, bytes));
    } else {
      this.#writeDense(writer);
    }
  }

  /** Reads what `write` wrote, whose first number, `head`, was read already. */
  static read(reader: ByteReader, precision: number, head: number): Registers {
    const registers = new Registers(precision);
    if (head === 1) registers.#readDense(reader);
    else registers.#readSparse(reader, (head - 1) / 2);
    return registers;
  }

  /** Passes over what `read` would read. */
  static skip(reader: ByteReader, precision: number, head: number): void {
    if (head === 1) reader.skip((2 ** precision * RANK_BITS) / 8);
    else for (let i = (head - 1) / 2; i > 0; i--) reader.skipVarint();
  }

  #maxRank(): number {
    return 65 - this.precision;
  }

  #denseBytes(): number {
    return (this.#ranks.length * RANK_BITS) / 8;
  }

  /**
   * Puts the registers that are not zero into `sparse`: how many there are and in how many bytes. Gives up once they take
   * no fewer bytes than the dense form.
   */
  #packSparsely(): { count: number; bytes: number } {
    const ranks = this.#ranks;
    const limit = this.#denseBytes();
    let count = 0;
    let at = 0;
    let last = -1;
    for (let w = 0; w < this.#words.length; w++) {
      if (this.#words[w] === 0) continue;
      if (at >= limit) return { count, bytes: at };
      for (let i = w * 4; i < w * 4 + 4; i++) {
        if (ranks[i] === 0) continue;
        let entry = (i - last - 1) * 64 + ranks[i]!;
        while (entry > 0x7f) {
          sparse[at++] = (entry & 0x7f) | 0x80;
          entry >>>= 7;
        }
        sparse[at++] = entry;
        count += 1;
        last = i;
      }
    }
    return { count, bytes: at };
  }

  #writeDense(writer: ByteWriter): void {
    const ranks = this.#ranks;
    writer.byte(1);
    for (let i = 0; i < ranks.length; i += 4) {
      const four = ranks[i]! | (ranks[i + 1]! << 6) | (ranks[i + 2]! << 12) | (ranks[i + 3]! << 18);
      writer.byte(four);
      writer.byte(four >>> 8);
      writer.byte(four >>> 16);
    }
  }

  #readSparse(reader: ByteReader, count: number): void {
    let bytes = 0;
    let index = -1;
    for (let i = 0; i < count; i++) {
      const entry = reader.varint();
      const distance = Math.floor(entry / 64);
      bytes += sparseBytes(distance);
      index += distance + 1;
      if (index >= this.#ranks.length) throw corrupt("a register is beyond the last");
      this.#put(index, entry % 64);
      if (entry % 64 === 0) throw corrupt("an empty register is written");
    }
    if (bytes >= this.#denseBytes()) throw corrupt("registers are written sparsely that are not sparse");
  }

  #readDense(reader: ByteReader): void {
    const bytes = reader.raw(this.#denseBytes());
    for (let i = 0, at = 0; at < bytes.length; i += 4, at += 3) {
      const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
      if (four === 0) continue;
      this.#put(i, four & 63);
      this.#put(i + 1, (four >>> 6) & 63);
      this.#put(i + 2, (four >>> 12) & 63);
      this.#put(i + 3, four >>> 18);
    }
    if (this.#packSparsely().bytes < bytes.length) throw corrupt("registers are written densely that are sparse");
  }

  #put(index: number, rank: number): void {
    if (rank > this.#maxRank()) throw corrupt("a register has an impossible rank");
    this.#ranks[index] = rank;
  }
}

/** The bytes of the varint `distance * 64 + rank`. */
function sparseBytes(distance: number): number {
  if (distance < 2) return 1;
  return distance < 256 ? 2 : 3;
}

/** The paper's sigma: x + x^2 + 2 x^4 + 4 x^8 ... */
function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let x = start;
  let y = 1;
  let z = x;
  for (let last = -1; z !== last; ) {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  }
  return z;
}

/** The paper's tau: (1 - x - (1 - x^(1/2))^2 / 2 - (1 - x^(1/4))^2 / 4 ...) / 3. */
function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let x = start;
  let y = 1;
  let z = 1 - x;
  for (let last = -1; z !== last; ) {
    x = Math.sqrt(x);
    last = z;
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
