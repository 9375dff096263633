import { WIRE, WireReader } from "../scan/wire-reader.ts";

const USER_ID = 4;
const ANONYMOUS_ID = 5;
const SESSION_ID = 6;
const NOBODY: Uint8Array = new Uint8Array(0);

/** What an encoded event says of who caused it; an id that it does not say is empty. */
export type Person = {
  readonly user: Uint8Array;
  readonly anonymous: Uint8Array;
  readonly hasSession: boolean;
};

/** Reads it as protobuf merges it: the last of a repeated text counts. Undefined for what is not well-formed. */
export function personOf(bytes: Uint8Array, from: number, to: number): Person | undefined {
  let user = NOBODY;
  let anonymous = NOBODY;
  let hasSession = false;
  const reader = new WireReader(bytes, from, to);
  while (reader.next()) {
    if (reader.wireType !== WIRE.bytes) continue;
    if (reader.field === USER_ID) user = bytes.subarray(reader.from, reader.to);
    else if (reader.field === ANONYMOUS_ID) anonymous = bytes.subarray(reader.from, reader.to);
    else if (reader.field === SESSION_ID) hasSession = reader.to > reader.from;
  }
  return reader.malformed ? undefined : { user, anonymous, hasSession };
}

/** A field of an event, encoded: to be put at its end. */
export function encodeId(field: "anonymous_id" | "session_id", id: string): Buffer {
  const number = field === "anonymous_id" ? ANONYMOUS_ID : SESSION_ID;
  return Buffer.from([(number << 3) | WIRE.bytes, id.length, ...Buffer.from(id, "latin1")]);
}
