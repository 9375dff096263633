import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Event, EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import type { Reason } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { examineEvent } from "../decoded/examine-event.ts";
import { EventScan } from "./event-scan.ts";

const TIME = { seconds: 1_760_000_000n, nanos: 5 };
const scan = new EventScan();

type Init = Partial<Omit<Event, "$typeName" | "time" | "properties">> & {
  time?: { seconds: bigint; nanos: number } | undefined;
  properties?: unknown;
};

function encode(event: Init) {
  const { time, ...rest } = event;
  const init =
    time === undefined ? rest : { ...rest, time: { $typeName: "google.protobuf.Timestamp" as const, ...time } };
  return toBinary(EventSchema, create(EventSchema, { name: "view", ...init } as never));
}

function verdict(bytes: Uint8Array): { reason: Reason; field: string } | "accepted" {
  const examined = examineEvent(bytes, 0, bytes.length);
  return examined instanceof Uint8Array ? "accepted" : { reason: examined.reason, field: examined.field };
}

/** What the scan found, as text. */
function facts(bytes: Uint8Array) {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
  return {
    id: text(scan.idFrom, scan.idTo),
    route: text(scan.routeFrom, scan.routeTo),
    time: scan.hasTime ? `${scan.seconds}.${scan.nanos}` : "none",
  };
}

function factsOf(event: Event) {
  return {
    id: event.eventId,
    route: event.userId || event.anonymousId || event.eventId,
    time: event.time === undefined ? "none" : `${event.time.seconds}.${event.time.nanos}`,
  };
}

/** The property that everything rests on: whatever the scan accepts, the decoding path accepts with the same facts. */
function expectAgreement(bytes: Uint8Array): void {
  const examined = examineEvent(bytes, 0, bytes.length);
  if (scan.accepts(bytes, 0, bytes.length)) {
    expect(examined).toBeInstanceOf(Uint8Array);
    expect(facts(bytes)).toEqual(factsOf(fromBinary(EventSchema, bytes)));
  }
  if (examined instanceof Uint8Array) {
    expect(scan.accepts(examined, 0, examined.length)).toBe(true);
    expect(facts(examined)).toEqual(factsOf(fromBinary(EventSchema, bytes)));
  }
}

const raw = (write: (w: BinaryWriter) => void) => {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.LengthDelimited).string("view");
  write(writer);
  return writer.finish();
};
const nested = (depth: number): Uint8Array => {
  let value = Uint8Array.from([0x32, 0]);
  for (let i = 0; i < depth; i++) {
    const list = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(value).finish();
    value = new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(list).finish() as Uint8Array<ArrayBuffer>;
  }
  const entry = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("k")
    .tag(2, WireType.LengthDelimited)
    .bytes(value)
    .finish();
  const struct = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(entry).finish();
  return raw((w) => w.tag(7, WireType.LengthDelimited).bytes(struct));
};
const properties = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
const reject = (reason: Reason, field: string) => ({ reason, field });

describe("an event's verdict", () => {
  const cases: { name: string; given: Uint8Array; expected: ReturnType<typeof verdict>; unusual?: true }[] = [
    { name: "a name is enough", given: encode({}), expected: "accepted" },
    { name: "no name", given: encode({ name: "" }), expected: reject("EVENT_NAME_MISSING", "name") },
    { name: "nothing at all", given: new Uint8Array(0), expected: reject("EVENT_NAME_MISSING", "name") },
    { name: "a name of 128 bytes", given: encode({ name: "ä".repeat(64) }), expected: "accepted" },
    {
      name: "a name of 129 bytes",
      given: encode({ name: `${"ä".repeat(64)}x` }),
      expected: reject("EVENT_FIELD_TOO_LONG", "name"),
    },
    { name: "an id of 64 bytes", given: encode({ eventId: "i".repeat(64) }), expected: "accepted" },
    {
      name: "an id of 65 bytes",
      given: encode({ eventId: "i".repeat(65) }),
      expected: reject("EVENT_FIELD_TOO_LONG", "event_id"),
    },
    { name: "a user of 128 bytes", given: encode({ userId: "u".repeat(128) }), expected: "accepted" },
    {
      name: "a user of 129 bytes",
      given: encode({ userId: "u".repeat(129) }),
      expected: reject("EVENT_FIELD_TOO_LONG", "user_id"),
    },
    {
      name: "a session of 129 bytes",
      given: encode({ sessionId: "s".repeat(129) }),
      expected: reject("EVENT_FIELD_TOO_LONG", "session_id"),
    },
    {
      name: "an anonymous id of 129 bytes",
      given: encode({ anonymousId: "s".repeat(129) }),
      expected: reject("EVENT_FIELD_TOO_LONG", "anonymous_id"),
    },
    {
      name: "the first moment of 1980",
      given: encode({ time: { seconds: 315_532_800n, nanos: 0 } }),
      expected: "accepted",
    },
    {
      name: "the last moment of 1979",
      given: encode({ time: { seconds: 315_532_799n, nanos: 999_999_999 } }),
      expected: reject("EVENT_TIME_INVALID", "time"),
    },
    {
      name: "a time before the epoch",
      given: encode({ time: { seconds: -1n, nanos: 0 } }),
      expected: reject("EVENT_TIME_INVALID", "time"),
    },
    {
      name: "the last second of 9999",
      given: encode({ time: { seconds: 253_402_300_799n, nanos: 999_999_999 } }),
      expected: "accepted",
    },
    {
      name: "the year 10000",
      given: encode({ time: { seconds: 253_402_300_800n, nanos: 0 } }),
      expected: reject("EVENT_TIME_INVALID", "time"),
    },
    {
      name: "a billion nanoseconds",
      given: encode({ time: { ...TIME, nanos: 1_000_000_000 } }),
      expected: reject("EVENT_TIME_INVALID", "time"),
    },
    {
      name: "negative nanoseconds",
      given: encode({ time: { ...TIME, nanos: -1 } }),
      expected: reject("EVENT_TIME_INVALID", "time"),
    },
    { name: "100 properties", given: encode({ properties: properties(100) }), expected: "accepted" },
    {
      name: "101 properties",
      given: encode({ properties: properties(101) }),
      expected: reject("EVENT_PROPERTIES_TOO_MANY", "properties"),
    },
    { name: "a key of 128 bytes", given: encode({ properties: { ["k".repeat(128)]: 1 } }), expected: "accepted" },
    {
      name: "a key of 129 bytes",
      given: encode({ properties: { ["k".repeat(129)]: 1 } }),
      expected: reject("EVENT_PROPERTY_KEY_INVALID", "properties"),
    },
    {
      name: "an empty key",
      given: encode({ properties: { "": 1 } }),
      expected: reject("EVENT_PROPERTY_KEY_INVALID", "properties"),
    },
    ...["__proto__", "constructor", "prototype"].map((key) => ({
      name: `the key ${key}`,
      given: encode({ properties: JSON.parse(`{"${key}":1}`) as JsonObject }),
      expected: reject("EVENT_PROPERTY_KEY_INVALID", `properties.${key}`),
    })),
    { name: "a text of 1 KiB", given: encode({ properties: { k: "t".repeat(1024) } }), expected: "accepted" },
    {
      name: "a text of 1 KiB and a byte",
      given: encode({ properties: { k: "t".repeat(1025) } }),
      expected: reject("EVENT_FIELD_TOO_LONG", "properties.k"),
    },
    {
      name: "numbers, booleans and null",
      given: encode({ properties: { a: -0.5, b: true, c: false, d: null, e: 1e308 } }),
      expected: "accepted",
    },
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => ({
      name: `the number ${value}`,
      given: encode({ properties: { n: value } }),
      expected: reject("EVENT_PROPERTY_VALUE_INVALID", "properties.n"),
    })),
    {
      name: "a list",
      given: encode({ properties: { l: [1] } }),
      expected: reject("EVENT_PROPERTY_VALUE_INVALID", "properties.l"),
    },
    {
      name: "an object",
      given: encode({ properties: { o: { p: 1 } } }),
      expected: reject("EVENT_PROPERTY_VALUE_INVALID", "properties.o"),
    },
    { name: "lists in lists", given: nested(20), expected: reject("EVENT_PROPERTY_VALUE_INVALID", "properties.k") },
    { name: "lists in lists in lists and so on", given: nested(500), expected: reject("EVENT_MALFORMED", "") },
    { name: "an event of 32 KiB", given: encode({ properties: big(31, 32 * 1024) }), expected: "accepted" },
    {
      name: "an event of 32 KiB and a byte",
      given: encode({ properties: big(31, 32 * 1024 + 1) }),
      expected: reject("EVENT_TOO_LARGE", ""),
    },
    { name: "an event of 10 MB", given: new Uint8Array(10_000_000), expected: reject("EVENT_TOO_LARGE", "") },
    {
      name: "text that is not UTF-8",
      given: raw((w) => w.tag(4, WireType.LengthDelimited).bytes(Uint8Array.from([0xc0, 0x80]))),
      expected: reject("EVENT_TEXT_INVALID", "user_id"),
    },
    {
      name: "a group",
      given: raw((w) => w.tag(9, WireType.StartGroup).tag(9, WireType.EndGroup)),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "a field of number 0",
      given: raw((w) => w.uint32(2).bytes(new Uint8Array(0))),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "a field cut short",
      given: raw((w) => w.tag(4, WireType.LengthDelimited).uint32(5)),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "a varint cut short",
      given: raw((w) => w.raw(Uint8Array.from([0x48, 0x80]))),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "a varint of eleven bytes",
      given: raw((w) => w.raw(Uint8Array.from([0x48, ...Array(10).fill(0x80), 0]))),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "a name that is a number",
      given: raw((w) => w.tag(2, WireType.Varint).uint32(1)),
      expected: reject("EVENT_MALFORMED", ""),
    },
    {
      name: "fields of a later version",
      given: raw((w) =>
        w
          .tag(9, WireType.Varint)
          .uint32(300)
          .tag(10, WireType.Bit64)
          .raw(new Uint8Array(8))
          .tag(11, WireType.Bit32)
          .raw(new Uint8Array(4))
          .tag(12, WireType.LengthDelimited)
          .bytes(new Uint8Array(3)),
      ),
      expected: "accepted",
    },
    {
      name: "a field of a high number",
      given: raw((w) => w.tag(5000, WireType.Varint).uint32(1)),
      expected: "accepted",
      unusual: true,
    },
    {
      name: "a name sent twice: the last counts",
      given: raw((w) => w.tag(2, WireType.LengthDelimited).string("")),
      expected: reject("EVENT_NAME_MISSING", "name"),
    },
    {
      name: "a key sent twice: the last counts",
      given: raw((w) => {
        for (const value of [[1], 2]) w.tag(7, WireType.LengthDelimited).bytes(structOf({ k: value }));
      }),
      expected: "accepted",
      unusual: true,
    },
    {
      name: "a length of more bytes than needed",
      given: Uint8Array.from([0x12, 0x81, 0x80, 0x80, 0x80, 0x00, 0x61]),
      expected: "accepted",
      unusual: true,
    },
  ];
  for (const { name, given, expected, unusual } of cases) {
    it(`is right for ${name}`, () => {
      expect(verdict(given)).toEqual(expected);
      expect(scan.accepts(given, 0, given.length)).toBe(expected === "accepted" && unusual !== true);
      expectAgreement(given);
    });
  }
});

describe("the byte scan", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: "grapheme", maxLength: 50 }),
    fc.constant("x".repeat(130)),
  );
  const value = fc.oneof(
    text,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant("y".repeat(1025)),
    fc.constant([1, "a"]),
    fc.constant({ a: { b: [] } }),
  );
  const event = fc.record({
    eventId: text,
    name: text,
    time: fc.option(
      fc.record({ seconds: fc.bigInt(-1n, 300_000_000_000n), nanos: fc.integer({ min: -2, max: 1_000_000_001 }) }),
      { nil: undefined },
    ),
    userId: text,
    anonymousId: text,
    sessionId: text,
    properties: fc.dictionary(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "prototype")), value, {
      maxKeys: 8,
    }),
  });

  it("agrees with the decoding path about random events", () => {
    fc.assert(
      fc.property(event, (init) => expectAgreement(encodeLoosely(init))),
      { numRuns: 1500 },
    );
  });

  it("agrees with the decoding path about damaged, doubled and merged events", () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("flip", "insert", "remove", "cut", "double"),
      byte: fc.nat(255),
    });
    fc.assert(
      fc.property(event, event, fc.array(change, { maxLength: 3 }), (one, other, changes) => {
        let bytes = encodeLoosely(one);
        for (const { at, kind, byte } of changes)
          bytes = damage(bytes, at % (bytes.length + 1), kind, byte, encodeLoosely(other));
        expectAgreement(bytes);
      }),
      { numRuns: 4000 },
    );
  });

  it("agrees with the decoding path about maps in many pieces, in time that grows with the bytes alone", () => {
    const one = encode({ properties: properties(100) });
    const pieces = new Uint8Array(30_000).fill(0);
    for (let i = 0; i < pieces.length; i += 2) pieces[i] = 0x3a;
    const bytes = Buffer.concat([one, pieces]);
    const begun = performance.now();
    for (let i = 0; i < 20; i++) expect(examineEvent(bytes, 0, bytes.length)).toEqual(one);
    // Merging piece by piece takes 4 seconds.
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(scan.accepts(bytes, 0, bytes.length)).toBe(false);
    const split = Buffer.concat([
      encode({ properties: { a: 1, b: 2 } }),
      encode({ name: "last", properties: { b: 3 } }),
    ]);
    expect(fromBinary(EventSchema, examineEvent(split, 0, split.length) as Uint8Array)).toMatchObject({
      name: "last",
      properties: { a: 1, b: 3 },
    });
    expectAgreement(split);
  });

  it("agrees with the decoding path about noise", () => {
    const tags = fc.constantFrom(0x0a, 0x12, 0x1a, 0x3a, 0x08, 0x10, 0x11, 0x20, 1, 2, 4, 7, 9, 0x61, 0x80, 0xff);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), expectAgreement), { numRuns: 2000 });
    fc.assert(
      fc.property(fc.array(tags, { maxLength: 30 }), (bytes) =>
        expectAgreement(Uint8Array.from([0x12, 1, 0x61, ...bytes])),
      ),
      { numRuns: 4000 },
    );
  });
});

function encodeLoosely(init: Init): Uint8Array {
  const { properties: fields, ...rest } = init;
  const struct = structOf(fields as JsonObject);
  return Buffer.concat([encode(rest), new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(struct).finish()]);
}

function structOf(fields: JsonObject): Uint8Array {
  const bytes = toBinary(EventSchema, create(EventSchema, { properties: fields }));
  const skip = bytes.findIndex((byte, i) => i > 0 && byte < 0x80) + 1;
  return bytes.subarray(skip);
}

function damage(bytes: Uint8Array, at: number, kind: string, byte: number, other: Uint8Array): Uint8Array {
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === "flip") return Buffer.concat([before, Uint8Array.from([(after[0] ?? 0) ^ byte]), after.subarray(1)]);
  if (kind === "insert") return Buffer.concat([before, Uint8Array.from([byte]), after]);
  if (kind === "remove") return Buffer.concat([before, after.subarray(1)]);
  if (kind === "cut") return before;
  return Buffer.concat([bytes, other]);
}

function big(keys: number, bytes: number): JsonObject {
  const full = Object.fromEntries(
    Array.from({ length: keys }, (_, i) => [`k${String(i).padStart(2, "0")}`, "t".repeat(1024)]),
  );
  let rest = "";
  while (encode({ properties: { ...full, rest } }).length < bytes) rest += "r";
  return { ...full, rest };
}
