const INITIAL_BYTES = 1024;

/**
 * Writes the primitives of the binary formats into a buffer that grows. Numbers are little-endian base-128 varints in
 * their shortest form, so that equal contents are equal bytes.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafe(Math.max(16, initialBytes));
  }

  /** How many bytes were written so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  /** Writes the lowest 8 bits of `value`. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Writes a 32-bit number in four bytes, little-endian. */
  fixed32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = value;
    bytes[at++] = value >>> 8;
    bytes[at++] = value >>> 16;
    bytes[at++] = value >>> 24;
    this.#length = at;
  }

  /** Writes a safe integer from 0 up, in 1 to 8 bytes. */
  varint(value: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  /** Writes an integer of any size from 0 up as a varint. */
  bigVarint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  /** Writes an integer of either sign as a zigzag varint: 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
  signed(value: number | bigint): void {
    if (typeof value === "number" && Math.abs(value) < TWICE_IS_SAFE) {
      this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
    } else {
      const big = BigInt(value);
      this.bigVarint(big >= 0n ? big << 1n : (-big << 1n) - 1n);
    }
  }

  /** Writes `bytes` as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes the length in bytes of `text` in UTF-8 as a varint, then these bytes. */
  text(text: string): void {
    const units = text.length;
    if (units < SHORT_TEXT) {
      this.#reserve(units + 1);
      const bytes = this.#bytes;
      const start = this.#length + 1;
      let i = 0;
      for (; i < units; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[start + i] = unit;
      }
      if (i === units) {
        bytes[start - 1] = units;
        this.#length = start + units;
        return;
      }
    }
    const length = Buffer.byteLength(text, "utf8");
    this.varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  /** The bytes in `[from, length)`, not copied: valid until the next write. */
  view(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.#length);
  }

  /** A copy of what was written. Short ones share memory with others: only what the view shows is theirs. */
  toBytes(): Uint8Array {
    const length = this.#length;
    if (length > SHARED_MAX) return new Uint8Array(this.view());
    if (shareAt + length > SHARE_BYTES) {
      share = new ArrayBuffer(SHARE_BYTES);
      shareAt = 0;
    }
    const bytes = new Uint8Array(share, shareAt, length);
    bytes.set(this.view());
    // Whoever reads four bytes at once finds them aligned.
    shareAt += (length + 7) & ~7;
    return bytes;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Memory of their own costs small copies more than their contents do: they are cut from pieces of this size. */
const SHARE_BYTES = 64 * 1024;
const SHARED_MAX = 4 * 1024;
let share = new ArrayBuffer(SHARE_BYTES);
let shareAt = 0;

/** The double of anything smaller is a safe integer. */
const TWICE_IS_SAFE = 2 ** 52;

/** Below this, copying ASCII unit by unit beats a call into the runtime; one byte holds such a length. */
const SHORT_TEXT = 64;
