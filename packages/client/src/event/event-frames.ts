import { EVENTS_TAG } from "./event-writer.ts";

/** The tag of `SendRequest.events`. */
const SEND_TAG = 0x0a;

/**
 * Where the frame at `at` ends, exclusive; -1 when there is no whole frame. A frame is a tag of one byte, a length of one
 * to three, and an event.
 */
export function frameEnd(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  for (let i = 1, shift = 0; i <= 3; i++, shift += 7) {
    if (at + i >= end) return -1;
    const byte = bytes[at + i]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      const next = at + i + 1 + length;
      return bytes[at] === EVENTS_TAG && next <= end ? next : -1;
    }
  }
  return -1;
}

/** How many whole frames there are at the beginning. */
export function countFrames(bytes: Uint8Array): number {
  let count = 0;
  for (let at = frameEnd(bytes, 0, bytes.length); at > 0; at = frameEnd(bytes, at, bytes.length)) count++;
  return count;
}

/** A copy of the frames as fields `events` of a SendRequest. */
export function asSendRequest(frames: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frames);
  for (let at = 0; at >= 0 && at < bytes.length; ) {
    const next = frameEnd(bytes, at, bytes.length);
    bytes[at] = SEND_TAG;
    at = next;
  }
  return bytes;
}

/** A copy of the frames at these places, ascending. */
export function pickFrames(frames: Uint8Array, indexes: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  let wanted = 0;
  for (let at = 0, index = 0; wanted < indexes.length && at < frames.length; index++) {
    const next = frameEnd(frames, at, frames.length);
    if (next < 0) break;
    if (index === indexes[wanted]) {
      parts.push(frames.subarray(at, next));
      total += next - at;
      wanted++;
    }
    at = next;
  }
  const picked = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    picked.set(part, at);
    at += part.length;
  }
  return picked;
}
