import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { EVENT_LIMITS } from "../event-limits.ts";
import type { Rejection } from "../rejection.ts";
import { checkEvent } from "./check-event.ts";
import { joinProperties } from "./join-properties.ts";
import { findMalformed } from "./well-formed.ts";

/**
 * Decides about an encoded event by decoding it: the verdict that the byte scan must agree with, and the only place that
 * says why an event is rejected. Well-formedness is checked before decoding, more strictly than protobuf-es does (it
 * ignores the wire types of known fields, and reads overlong numbers), so that the verdict never depends on a library.
 *
 * @returns the rejection, or the event in its canonical encoding, without fields of a later version, which the scan
 *   accepts as it stands
 */
export function examineEvent(bytes: Uint8Array, from: number, to: number): Rejection | Uint8Array {
  if (to - from > EVENT_LIMITS.eventBytes) {
    const message = `has ${to - from} bytes; at most ${EVENT_LIMITS.eventBytes} are allowed`;
    return { reason: "EVENT_TOO_LARGE", field: "", message };
  }
  const malformed = findMalformed(bytes, from, to);
  if (malformed !== undefined) return malformed;
  const event = fromBinary(EventSchema, joinProperties(bytes, from, to), { readUnknownFields: false });
  return checkEvent(event) ?? toBinary(EventSchema, event);
}
