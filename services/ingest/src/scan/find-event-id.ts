import { EVENT_LIMITS } from "../event-limits.ts";
import { isUtf8 } from "./utf8.ts";
import { WIRE, WireReader } from "./wire-reader.ts";

const EVENT_ID = 1;

/** The id of an encoded event, or "" when it has none, or none that can be read or is not too long to repeat. */
export function findEventId(bytes: Uint8Array, from: number, to: number): string {
  let id = "";
  if (to - from > EVENT_LIMITS.eventBytes) return id;
  const reader = new WireReader(bytes, from, to);
  while (reader.next()) {
    if (reader.field !== EVENT_ID || reader.wireType !== WIRE.bytes) continue;
    const readable = reader.to - reader.from <= EVENT_LIMITS.eventIdBytes && isUtf8(bytes, reader.from, reader.to);
    id = readable ? Buffer.from(bytes.subarray(reader.from, reader.to)).toString() : "";
  }
  return id;
}
