import type { Position } from "./cache.ts";

/** Bytes of a packed position. */
export const POSITION_BYTES = 12;

/**
 * Writes a position, 12 bytes, to `out` at `outOffset`: generation (16 bits), partition (16), offset (48), index (16),
 * all big-endian, so that packed positions of a partition sort as they lie in the log. Never all zero, as a generation
 * is at least 1. Numbers outside the bounds of {@link Position} are not noticed.
 */
export function packPosition(position: Position, out: Uint8Array, outOffset: number): void {
  writeUint16(position.generation, out, outOffset);
  writeUint16(position.partition, out, outOffset + 2);
  const { offset } = position;
  writeUint16(Math.floor(offset / 2 ** 32), out, outOffset + 4);
  writeUint16(offset >>> 16, out, outOffset + 6);
  writeUint16(offset, out, outOffset + 8);
  writeUint16(position.index, out, outOffset + 10);
}

/** Reads the position that lies in `bytes` at `offset`; `undefined` for zero bytes, which mean "no owner". */
export function unpackPosition(bytes: Uint8Array, offset: number): Position | undefined {
  const u16 = (at: number) => (bytes[offset + at]! << 8) | bytes[offset + at + 1]!;
  const generation = u16(0);
  if (generation === 0) return undefined;
  const low = u16(6) * 2 ** 16 + u16(8);
  return { generation, partition: u16(2), offset: u16(4) * 2 ** 32 + low, index: u16(10) };
}

/** Whether the 12 bytes at the two places are the same position. */
export function samePosition(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  for (let i = 0; i < POSITION_BYTES; i++) if (a[aOffset + i] !== b[bOffset + i]) return false;
  return true;
}

function writeUint16(value: number, out: Uint8Array, at: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}
