import { frameEnd } from "../event/event-frames.ts";
import { crc32 } from "./crc32.ts";

/** What a segment begins with: who made it, and the version of the format. */
export const SEGMENT_HEADER: Uint8Array = new TextEncoder().encode("MILLSPL1");
/** What comes before each frame: its length and its CRC-32, both little-endian. */
export const RECORD_HEADER_BYTES = 8;

/** What could be read of a segment. */
export type SegmentContent = {
  /** The frames, one behind the other. */
  readonly frames: Uint8Array;
  readonly count: number;
  /** Where each frame begins in `frames`. */
  readonly starts: readonly number[];
};

/** Writes a record into `target`, which must have room; gives its length. */
export function writeRecord(target: Uint8Array, frame: Uint8Array): number {
  const view = new DataView(target.buffer, target.byteOffset);
  view.setUint32(0, frame.length, true);
  view.setUint32(4, crc32(frame), true);
  target.set(frame, RECORD_HEADER_BYTES);
  return RECORD_HEADER_BYTES + frame.length;
}

/**
 * The whole records from the beginning on. A process that is killed leaves at most one torn record, at the end; what is
 * behind a damaged one can't be found, and is left out.
 */
export function readSegment(file: Uint8Array): SegmentContent {
  const frames = new Uint8Array(file.length);
  const starts: number[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let end = 0;
  let at = SEGMENT_HEADER.length;
  if (!SEGMENT_HEADER.every((byte, i) => file[i] === byte)) at = file.length;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const length = view.getUint32(at, true);
    const from = at + RECORD_HEADER_BYTES;
    if (length === 0 || from + length > file.length) break;
    const frame = file.subarray(from, from + length);
    if (crc32(frame) !== view.getUint32(at + 4, true) || frameEnd(frame, 0, length) !== length) break;
    starts.push(end);
    frames.set(frame, end);
    end += length;
    at = from + length;
  }
  return { frames: frames.subarray(0, end), count: starts.length, starts };
}
