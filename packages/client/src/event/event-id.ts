const POOL_IDS = 256;
const RANDOM_BYTES = 10;
const HEX = new Uint8Array(512);
for (let byte = 0; byte < 256; byte++) {
  const text = byte.toString(16).padStart(2, "0");
  HEX[2 * byte] = text.charCodeAt(0);
  HEX[2 * byte + 1] = text.charCodeAt(1);
}
const HYPHEN = 0x2d;

/** Makes UUIDv7 (RFC 9562, section 5.7): the time in milliseconds, then 74 random bits. */
export class EventIds {
  readonly #pool = new Uint8Array(POOL_IDS * RANDOM_BYTES);
  #at = this.#pool.length;

  /** Writes an id of 36 ASCII characters to `bytes[at, at + 36)`. */
  write(bytes: Uint8Array, at: number, timeMs: number): void {
    if (this.#at === this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#at = 0;
    }
    const pool = this.#pool;
    const from = this.#at;
    this.#at += RANDOM_BYTES;
    const high = Math.floor(timeMs / 0x10000);
    hex(bytes, at, high >>> 24);
    hex(bytes, at + 2, (high >>> 16) & 0xff);
    hex(bytes, at + 4, (high >>> 8) & 0xff);
    hex(bytes, at + 6, high & 0xff);
    bytes[at + 8] = HYPHEN;
    const low = timeMs % 0x10000;
    hex(bytes, at + 9, low >>> 8);
    hex(bytes, at + 11, low & 0xff);
    bytes[at + 13] = HYPHEN;
    hex(bytes, at + 14, 0x70 | (pool[from]! & 0x0f));
    hex(bytes, at + 16, pool[from + 1]!);
    bytes[at + 18] = HYPHEN;
    hex(bytes, at + 19, 0x80 | (pool[from + 2]! & 0x3f));
    hex(bytes, at + 21, pool[from + 3]!);
    bytes[at + 23] = HYPHEN;
    for (let i = 0; i < 6; i++) hex(bytes, at + 24 + 2 * i, pool[from + 4 + i]!);
  }

  /** An id as text. */
  create(timeMs: number): string {
    const bytes = new Uint8Array(36);
    this.write(bytes, 0, timeMs);
    return String.fromCharCode(...bytes);
  }
}

function hex(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = HEX[2 * value]!;
  bytes[at + 1] = HEX[2 * value + 1]!;
}
