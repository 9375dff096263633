import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Rejection } from "../rejection.ts";
import { readJsonTime } from "./json-time.ts";

/** What is done about fields that an event does not have. */
export type UnknownFields = "ignore" | "reject";

type FieldName = "event_id" | "name" | "time" | "user_id" | "anonymous_id" | "session_id" | "properties";

const NUMBERS: Readonly<Record<FieldName, number>> = {
  event_id: 1,
  name: 2,
  time: 3,
  user_id: 4,
  anonymous_id: 5,
  session_id: 6,
  properties: 7,
};

/** Every way to write a field: protobuf's JSON name, the name in the proto, and two that other tools use. */
const FIELDS: ReadonlyMap<string, FieldName> = new Map([
  ...(Object.keys(NUMBERS) as FieldName[]).flatMap((name): [string, FieldName][] => [
    [name, name],
    [name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), name],
  ]),
  ["event_type", "name"],
  ["timestamp", "time"],
]);

const NOT_UTF8 = Uint8Array.from([0xff]);

/**
 * Encodes a JSON value as an Event, to be judged like any other. What an Event can't hold at all (a name that is a
 * list, a field that it does not have) is rejected here; what it can hold and may not (a list among the properties, a
 * text that is no Unicode) is encoded as something of that kind, so that the verdict is the one of every other way.
 * Whole numbers are taken for ids. Nothing is ever assigned to an object by a key from outside.
 */
export function encodeJsonEvent(value: unknown, unknownFields: UnknownFields): Uint8Array | Rejection {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return malformed("", "must be a JSON object");
  }
  const writer = new BinaryWriter();
  for (const [key, field] of Object.entries(value)) {
    const name = FIELDS.get(key);
    if (name === undefined) {
      if (unknownFields === "ignore") continue;
      return malformed(key.slice(0, 128), "is no field of an event; put it into properties");
    }
    if (field === null || field === undefined) continue;
    const fault = writeField(writer, name, field);
    if (fault !== undefined) return fault;
  }
  return writer.finish();
}

function writeField(writer: BinaryWriter, name: FieldName, value: unknown): Rejection | undefined {
  if (name === "time") return writeTime(writer, value);
  if (name === "properties") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return malformed(name, "must be a JSON object");
    }
    writer.tag(NUMBERS.properties, WireType.LengthDelimited).bytes(encodeStruct(value));
    return undefined;
  }
  const text = typeof value === "number" && name !== "name" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string") return malformed(name, "must be a text");
  writeText(writer, NUMBERS[name], text);
  return undefined;
}

function writeTime(writer: BinaryWriter, value: unknown): Rejection | undefined {
  const moment = readJsonTime(value);
  if (moment === undefined) {
    const message = "must be a time with a zone, such as 2026-03-01T12:00:00Z, or seconds or milliseconds since 1970";
    return { reason: "EVENT_TIME_INVALID", field: "time", message };
  }
  writer.tag(NUMBERS.time, WireType.LengthDelimited).fork();
  if (moment.seconds !== 0) writer.tag(1, WireType.Varint).int64(BigInt(moment.seconds));
  if (moment.nanos !== 0) writer.tag(2, WireType.Varint).int32(moment.nanos);
  writer.join();
  return undefined;
}

function encodeStruct(fields: object): Uint8Array {
  const writer = new BinaryWriter();
  for (const [key, value] of Object.entries(fields)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writeText(writer, 1, key);
    writer.tag(2, WireType.LengthDelimited).fork();
    writeValue(writer, value);
    writer.join().join();
  }
  return writer.finish();
}

function writeValue(writer: BinaryWriter, value: unknown): void {
  if (typeof value === "number") writer.tag(2, WireType.Bit64).double(value);
  else if (typeof value === "string") writeText(writer, 3, value);
  else if (typeof value === "boolean") writer.tag(4, WireType.Varint).bool(value);
  else if (value === null) writer.tag(1, WireType.Varint).int32(0);
  else writer.tag(Array.isArray(value) ? 6 : 5, WireType.LengthDelimited).bytes(new Uint8Array(0));
}

function writeText(writer: BinaryWriter, field: number, text: string): void {
  writer.tag(field, WireType.LengthDelimited);
  // A lone surrogate can't be encoded; U+FFFD in its place would be another text than was sent.
  if (text.isWellFormed()) writer.string(text);
  else writer.bytes(NOT_UTF8);
}

function malformed(field: string, message: string): Rejection {
  return { reason: "EVENT_MALFORMED", field, message };
}
