import { randomFillSync } from "node:crypto";
import { hashWords, murmur3Text } from "@millrace/hash";

const MIN_MS = 315_532_800_000;
const MAX_MS = 253_402_300_799_999;
const HYPHEN = 0x2d;
/** The value of each byte as a hex digit; negative for what is none. */
const HEX_DIGITS = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  HEX_DIGITS[value.toString(16).charCodeAt(0)] = value;
  HEX_DIGITS[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/**
 * The time of a UUIDv7 (RFC 9562, section 5.7) in its text form at `bytes[from, to)`, in epoch milliseconds; -1 when
 * it is anything else, or says a time outside of 1980 to 9999. No clock is asked, so that an id always says the same:
 * a retry's claim is filed where the first attempt's was.
 */
export function uuidTimeMs(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 36 || bytes[from + 14] !== 0x37) return -1;
  if (bytes[from + 8] !== HYPHEN || bytes[from + 13] !== HYPHEN || bytes[from + 18] !== HYPHEN) return -1;
  if (bytes[from + 23] !== HYPHEN) return -1;
  const high = hex4(bytes, from);
  const middle = hex4(bytes, from + 4);
  const low = hex4(bytes, from + 9);
  // The variant of RFC 9562 is binary 10: 8 to b. The random digits say nothing, so they are not looked at.
  if ((high | middle | low) < 0 || (HEX_DIGITS[bytes[from + 19]!]! & 0xc) !== 0x8) return -1;
  const timeMs = (high * 0x10000 + middle) * 0x10000 + low;
  return timeMs >= MIN_MS && timeMs <= MAX_MS ? timeMs : -1;
}

/** Four hex digits; negative when one of the bytes is none. */
function hex4(bytes: Uint8Array, at: number): number {
  return (
    (HEX_DIGITS[bytes[at]!]! << 12) |
    (HEX_DIGITS[bytes[at + 1]!]! << 8) |
    (HEX_DIGITS[bytes[at + 2]!]! << 4) |
    HEX_DIGITS[bytes[at + 3]!]!
  );
}

/**
 * The id of an event that has none on a stream: 32 hex digits, the same whenever the message is sent again.
 *
 * @param sequence the message's, in decimal
 * @param index the event's place in the message
 */
export function streamEventId(streamId: string, sequence: string, index: number): string {
  murmur3Text(`${streamId}\n${sequence}\n${index}`, 0);
  let id = "";
  for (let i = 0; i < 4; i++) id += hashWords[i]!.toString(16).padStart(8, "0");
  return id;
}

const pool = Buffer.alloc(16 * 256);
let poolAt = pool.length;

/** A new UUIDv7 in text form, for an event that came without an id and can't be recognised when it is sent again. */
export function randomEventId(nowMs: number): string {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const bytes = pool.subarray(poolAt, poolAt + 16);
  poolAt += 16;
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
