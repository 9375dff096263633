import { EVENT_LIMITS } from "../event-limits.ts";
import type { Rejection } from "../rejection.ts";
import { isUtf8 } from "../scan/utf8.ts";
import { WIRE, WireReader } from "../scan/wire-reader.ts";

/** What a field of a known message holds: a scalar by its wire type, a text, or another message. */
type FieldShape = {
  readonly name: string;
  readonly wireType: number;
  readonly text?: true;
  readonly message?: () => Shape;
};
type Shape = Readonly<Record<number, FieldShape>>;

const text = (name: string): FieldShape => ({ name, wireType: WIRE.bytes, text: true });
const message = (name: string, shape: () => Shape): FieldShape => ({ name, wireType: WIRE.bytes, message: shape });
const varint = (name: string): FieldShape => ({ name, wireType: WIRE.varint });

const LIST: Shape = { 1: message("", () => VALUE) };
const VALUE: Shape = {
  1: varint(""),
  2: { name: "", wireType: WIRE.fixed64 },
  3: text(""),
  4: varint(""),
  5: message("", () => STRUCT),
  6: message("", () => LIST),
};
const ENTRY: Shape = { 1: text(""), 2: message("", () => VALUE) };
const STRUCT: Shape = { 1: message("", () => ENTRY) };
const TIMESTAMP: Shape = { 1: varint(""), 2: varint("") };
const EVENT: Shape = {
  1: text("event_id"),
  2: text("name"),
  3: message("time", () => TIMESTAMP),
  4: text("user_id"),
  5: text("anonymous_id"),
  6: text("session_id"),
  7: message("properties", () => STRUCT),
};

// Each level of a list is a ListValue and a Value, of an object a Struct, its entry and a Value.
const MAX_DEPTH = 3 * EVENT_LIMITS.nesting;

/**
 * Checks that `bytes[from, to)` is an Event that every protobuf library reads alike, so that decoding it can't fail:
 * strict framing at every depth (a known field of another wire type is malformed too), and UTF-8 in every text. Gives
 * undefined when it is; malformed framing goes before malformed text.
 */
export function findMalformed(bytes: Uint8Array, from: number, to: number): Rejection | undefined {
  const badText: { field: string | undefined } = { field: undefined };
  if (!isMessage(bytes, from, to, EVENT, "", 0, badText)) {
    return { reason: "EVENT_MALFORMED", field: "", message: "is not a well-formed millrace.event.v1.Event" };
  }
  if (badText.field === undefined) return undefined;
  return { reason: "EVENT_TEXT_INVALID", field: badText.field, message: "is not valid UTF-8" };
}

function isMessage(
  bytes: Uint8Array,
  from: number,
  to: number,
  shape: Shape,
  path: string,
  depth: number,
  badText: { field: string | undefined },
): boolean {
  if (depth > MAX_DEPTH) return false;
  const reader = new WireReader(bytes, from, to);
  while (reader.next()) {
    const field = shape[reader.field];
    if (field === undefined) continue;
    if (field.wireType !== reader.wireType) return false;
    if (field.text === true) {
      if (badText.field === undefined && !isUtf8(bytes, reader.from, reader.to)) badText.field = path || field.name;
    } else if (field.message !== undefined) {
      const inner = path || field.name;
      if (!isMessage(bytes, reader.from, reader.to, field.message(), inner, depth + 1, badText)) return false;
    }
  }
  return !reader.malformed;
}
