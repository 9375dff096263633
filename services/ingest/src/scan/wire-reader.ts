/** What a field is encoded as. Groups (3 and 4) are deprecated and always malformed here. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads the protobuf wire format strictly, field by field. After `next()` is true, `field`, `wireType` and the value's
 * range `[from, to)` are set. Any fault makes `next()` false and `malformed` true: a truncated or overlong varint, a
 * length past the end, field number 0, a group, or a tag over 32 bits.
 */
export class WireReader {
  field = 0;
  wireType = 0;
  /** The value: a varint's own bytes, a fixed-width number's, or the content of what is length-delimited. */
  from = 0;
  to = 0;
  malformed = false;
  readonly bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #low = 0;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  /** Goes to the next field. False at the end, and on a fault. */
  next(): boolean {
    if (this.malformed || this.#at === this.#end) return false;
    if (!this.#varint(5) || this.#low > 0xffff_ffff) return this.#fault();
    this.field = Math.floor(this.#low / 8);
    this.wireType = this.#low % 8;
    if (this.field === 0) return this.#fault();
    this.from = this.#at;
    if (this.wireType === WIRE.varint) {
      if (!this.#varint(10)) return this.#fault();
    } else if (this.wireType === WIRE.fixed64) {
      this.#at += 8;
    } else if (this.wireType === WIRE.fixed32) {
      this.#at += 4;
    } else if (this.wireType === WIRE.bytes) {
      if (!this.#varint(5)) return this.#fault();
      this.from = this.#at;
      this.#at += this.#low;
    } else {
      return this.#fault();
    }
    if (this.#at > this.#end) return this.#fault();
    this.to = this.#at;
    return true;
  }

  /** Goes on at a place that is known to be the end of a field. */
  skipTo(at: number): void {
    this.#at = at;
  }

  /** The varint at hand as 64 bits without a sign. */
  varint(): bigint {
    let value = 0n;
    for (let i = this.to - 1; i >= this.from; i--) value = (value << 7n) | BigInt(this.bytes[i]! & 0x7f);
    return value;
  }

  #varint(most: number): boolean {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < most; i++) {
      if (this.#at >= this.#end) return false;
      const byte = this.bytes[this.#at++]!;
      // The tenth byte has room for one bit of the 64.
      if (i === 9 && byte > 1) return false;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) {
        this.#low = value;
        return true;
      }
    }
    return false;
  }

  #fault(): boolean {
    this.malformed = true;
    return false;
  }
}
