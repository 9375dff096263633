/**
 * MurmurHash3_x86_128 (Austin Appleby, public domain, https://github.com/aappleby/smhasher). Written here because every
 * published package for it works on strings or is slower by an order of magnitude, and the hot paths hash wire bytes.
 * Stored data depend on it: it never changes.
 */

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** The last result of {@link murmur3}: words 0 to 3, unsigned. Overwritten by the next call. */
export const hashWords = new Uint32Array(4);

/**
 * Hashes `bytes[from, to)` with a 32-bit seed into {@link hashWords}, without allocating.
 *
 * @param bytes the buffer
 * @param from the first byte, inclusive
 * @param to the end, exclusive
 * @param seed any 32-bit number
 */
export function murmur3(bytes: Uint8Array, from: number, to: number, seed: number): void {
  const length = to - from;
  let h1 = seed | 0;
  let h2 = seed | 0;
  let h3 = seed | 0;
  let h4 = seed | 0;
  const blocksEnd = from + (length & ~15);
  for (let i = from; i < blocksEnd; i += 16) {
    h1 ^= Math.imul(rotl(Math.imul(word(bytes, i), C1), 15), C2);
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(word(bytes, i + 4), C2), 16), C3);
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(word(bytes, i + 8), C3), 17), C4);
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(word(bytes, i + 12), C4), 18), C1);
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const rest = length & 15;
  if (rest > 12) h4 ^= Math.imul(rotl(Math.imul(tail(bytes, blocksEnd + 12, to), C4), 18), C1);
  if (rest > 8) h3 ^= Math.imul(rotl(Math.imul(tail(bytes, blocksEnd + 8, to), C3), 17), C4);
  if (rest > 4) h2 ^= Math.imul(rotl(Math.imul(tail(bytes, blocksEnd + 4, to), C2), 16), C3);
  if (rest > 0) h1 ^= Math.imul(rotl(Math.imul(tail(bytes, blocksEnd, to), C1), 15), C2);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  hashWords[0] = h1;
  hashWords[1] = h2 + h1;
  hashWords[2] = h3 + h1;
  hashWords[3] = h4 + h1;
}

function rotl(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

function word(b: Uint8Array, i: number): number {
  return b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
}

/** Up to four bytes from `i`, little-endian; bytes at `end` and after count as zero. */
function tail(b: Uint8Array, i: number, end: number): number {
  let x = b[i]!;
  if (i + 1 < end) x |= b[i + 1]! << 8;
  if (i + 2 < end) x |= b[i + 2]! << 16;
  if (i + 3 < end) x |= b[i + 3]! << 24;
  return x;
}

function finish(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const scratch = Buffer.allocUnsafe(4096);

/** Hashes the UTF-8 bytes of `text` into {@link hashWords}. */
export function murmur3Text(text: string, seed: number): void {
  if (text.length * 3 <= scratch.length) {
    murmur3(scratch, 0, scratch.write(text, 0, "utf8"), seed);
  } else {
    const bytes = Buffer.from(text, "utf8");
    murmur3(bytes, 0, bytes.length, seed);
  }
}
