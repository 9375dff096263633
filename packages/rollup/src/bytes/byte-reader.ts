import { Failure } from "@millrace/failure";

/** The failure of every reader that finds what no writer can have written. `what` completes "stored data: ...". */
export function corrupt(what: string): Failure {
  return new Failure("corrupt", "DATA_CORRUPT", `stored data: ${what}`);
}

/** Numbers texts by their bytes. */
export type TextDirectory = {
  /** The number of the text in `bytes` from `from` to `to`; -1 when it has none yet. */
  find(bytes: Uint8Array, from: number, to: number): number;
  /** Gives a text that has none yet its number. */
  add(bytes: Uint8Array, from: number, to: number, text: string): number;
};

/**
 * Reads what `ByteWriter` wrote, from `[from, to)` of a buffer. Whatever the bytes, every method either returns or
 * throws a Failure `corrupt`; a varint that is longer than it need be is corrupt, so that bytes that can be read are
 * the bytes that would be written.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
    this.#end = to;
  }

  /** Where the next byte is read, from the buffer's start. */
  get position(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Reads on in `[from, to)` of the same buffer. */
  seek(from: number, to: number): void {
    if (from < 0 || from > to || to > this.#bytes.length) throw corrupt("a part reaches beyond the end");
    this.#at = from;
    this.#end = to;
  }

  /** Reads one byte. */
  byte(): number {
    if (this.#at >= this.#end) throw corrupt("it ends too early");
    return this.#bytes[this.#at++]!;
  }

  /** Reads four bytes, little-endian, as an unsigned number. */
  fixed32(): number {
    if (this.remaining < 4) throw corrupt("it ends too early");
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 4;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** Reads a varint up to Number.MAX_SAFE_INTEGER. */
  varint(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    if (at >= end) throw corrupt("it ends too early");
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let scale = 128; byte > 0x7f; scale *= 128) {
      if (at >= end) throw corrupt("it ends too early");
      if (scale > MAX_SCALE) throw corrupt("a number is too large");
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte === 0) throw corrupt("a number is not in its shortest form");
    }
    if (value > Number.MAX_SAFE_INTEGER) throw corrupt("a number is too large");
    this.#at = at;
    return value;
  }

  /** Reads a varint of at most `maxBytes` bytes. */
  bigVarint(maxBytes: number): bigint {
    let value = 0n;
    for (let i = 0; i < maxBytes; i++) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte <= 0x7f) {
        if (byte === 0 && i > 0) throw corrupt("a number is not in its shortest form");
        return value;
      }
    }
    throw corrupt("a number is too large");
  }

  /** Reads a zigzag varint of at most `maxBytes` bytes: a number where that is safe, else a bigint. */
  signed(maxBytes: number): number | bigint {
    const start = this.#at;
    let end = start;
    while (end < this.#end && this.#bytes[end]! > 0x7f) end += 1;
    if (end - start < 7) {
      const zigzag = this.varint();
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    const zigzag = this.bigVarint(maxBytes);
    const value = (zigzag & 1n) === 0n ? zigzag >> 1n : -((zigzag + 1n) >> 1n);
    return isSafe(value) ? Number(value) : value;
  }

  /** Passes over a varint of at most `maxBytes` bytes. */
  skipVarint(maxBytes = 8): void {
    for (let i = 0; i < maxBytes; i++) {
      if (this.byte() <= 0x7f) return;
    }
    throw corrupt("a number is too large");
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    if (length < 0 || length > this.remaining) throw corrupt("it ends too early");
    this.#at += length;
  }

  /** Reads `length` bytes, not copied. */
  raw(length: number): Uint8Array {
    const from = this.#at;
    this.skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** Reads a text: its length in bytes as a varint, then UTF-8. */
  text(): string {
    const length = this.varint();
    const from = this.#at;
    this.skip(length);
    return this.#decode(from, this.#at);
  }

  /** Reads a text as its number in a directory. */
  textIn(directory: TextDirectory): number {
    const length = this.varint();
    const from = this.#at;
    this.skip(length);
    const number = directory.find(this.#bytes, from, this.#at);
    return number >= 0 ? number : directory.add(this.#bytes, from, this.#at, this.#decode(from, this.#at));
  }

  #decode(from: number, to: number): string {
    const text = this.#bytes.toString("utf8", from, to);
    // Bytes that are no UTF-8 read as U+FFFD, which may also truly stand there.
    if (text.includes("\ufffd") && !this.#bytes.subarray(from, to).equals(Buffer.from(text, "utf8"))) {
      throw corrupt("a text is not UTF-8");
    }
    return text;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#end) throw corrupt("there is more than there should be");
  }
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

/** The eighth byte of a varint counts in units of 2^49; a ninth could only overflow. */
const MAX_SCALE = 2 ** 49;
