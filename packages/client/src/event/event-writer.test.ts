import { create, fromBinary, toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Event, EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { SendRequestSchema, StreamRequestSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventOptions, Properties } from "../track.ts";
import { asSendRequest, countFrames, pickFrames } from "./event-frames.ts";
import { RESERVED_KEYS } from "./event-limits.ts";
import { EventWriter } from "./event-writer.ts";

const NOW_MS = Date.UTC(2026, 4, 6, 7, 8, 9, 10);
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function encode(name: string, properties?: Properties, options?: EventOptions, defaults = {}): Uint8Array {
  return new EventWriter().write(name, properties, options, defaults, NOW_MS).slice();
}

function decode(frames: Uint8Array): Event[] {
  return fromBinary(StreamRequestSchema, frames).events;
}

const text = (maxLength: number) => fc.oneof(fc.string({ maxLength, unit: "grapheme" }), fc.string({ maxLength }));
const id = text(30);
const tracked = fc.record({
  name: text(30).filter((name) => name !== ""),
  properties: fc.dictionary(
    text(30).filter((key) => key !== "" && !RESERVED_KEYS.has(key)),
    fc.oneof(text(250), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    { maxKeys: 12, noNullPrototype: true },
  ),
  options: fc.record({ userId: id, anonymousId: id, sessionId: id, eventId: id }),
  timeMs: fc.integer({ min: Date.UTC(1980), max: Date.UTC(2100) }),
});

describe("an encoded event", () => {
  it("is read by protobuf as what was tracked", () => {
    fc.assert(
      fc.property(tracked, ({ name, properties, options, timeMs }) => {
        const [event, ...others] = decode(encode(name, properties, { ...options, time: timeMs }));
        expect(others).toEqual([]);
        const { eventId } = event!;
        if (options.eventId === "") expect(eventId).toMatch(UUID_V7);
        const present = Object.entries(properties).filter(([, value]) => value !== null);
        const expected = create(EventSchema, {
          ...options,
          eventId,
          name,
          time: timestampFromMs(timeMs),
          ...(present.length > 0 && { properties: Object.fromEntries(present) as Record<string, string> }),
        });
        if (options.eventId !== "") expect(eventId).toBe(options.eventId);
        expect(toJson(EventSchema, event!)).toEqual(toJson(EventSchema, expected));
      }),
      { numRuns: 300 },
    );
  });

  it("goes as a SendRequest too, and picked out of others", () => {
    fc.assert(
      fc.property(fc.array(tracked, { maxLength: 8 }), fc.func(fc.boolean()), (events, isPicked) => {
        const writer = new EventWriter();
        const parts = events.map(({ name, properties }) =>
          writer.write(name, properties, undefined, {}, NOW_MS).slice(),
        );
        const frames = Buffer.concat(parts);
        expect(countFrames(frames)).toBe(events.length);
        const sent = fromBinary(SendRequestSchema, asSendRequest(frames));
        expect(sent.events.map(({ eventId }) => eventId)).toEqual(decode(frames).map(({ eventId }) => eventId));
        const indexes = events.map((_, index) => index).filter((index) => isPicked(index));
        const picked = decode(pickFrames(frames, indexes));
        expect(picked.map(({ eventId }) => eventId)).toEqual(indexes.map((index) => sent.events[index]?.eventId));
      }),
      { numRuns: 50 },
    );
  });

  it("is stamped with the time of the call, and an id that says it", () => {
    const [event] = decode(encode("page_view"));
    expect(event?.time).toEqual(timestampFromMs(NOW_MS));
    expect(Number.parseInt(event!.eventId.replace("-", "").slice(0, 12), 16)).toBe(NOW_MS);
  });

  it("takes a time as a Date, as milliseconds and as text", () => {
    for (const time of [new Date(NOW_MS), NOW_MS, new Date(NOW_MS).toISOString()]) {
      expect(decode(encode("e", {}, { time }))[0]?.time).toEqual(timestampFromMs(NOW_MS));
    }
  });

  it("has the defaults of its scope, unless it says otherwise", () => {
    const defaults = { userId: "u", sessionId: "s", properties: { plan: "free", area: "eu" } };
    const [event] = decode(encode("e", { plan: "pro" }, { sessionId: "t" }, defaults));
    expect(event).toMatchObject({ userId: "u", sessionId: "t", properties: { plan: "pro", area: "eu" } });
  });

  it("is as large as an event may be, and no larger", () => {
    const properties: Record<string, string> = {};
    for (let i = 0; i < 31; i++) properties[`k${i}`] = "x".repeat(1024);
    expect(decode(encode("e", properties))[0]?.properties).toEqual(properties);
    expect(() => encode("e", { ...properties, more: "x".repeat(1024) })).toThrow(
      expect.objectContaining({ reason: "EVENT_TOO_LARGE" }),
    );
  });
});

const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i]));
const untyped = (value: unknown) => value as Properties;

describe("an event that the server would reject is refused", () => {
  it.each([
    { given: "no name", call: () => encode(""), reason: "EVENT_NAME_MISSING" },
    { given: "a name of 129 bytes", call: () => encode(`e${"é".repeat(64)}`), reason: "EVENT_FIELD_TOO_LONG" },
    { given: "a name that is a number", call: () => encode(7 as unknown as string), reason: "EVENT_MALFORMED" },
    { given: "properties that are a text", call: () => encode("e", untyped("x")), reason: "EVENT_MALFORMED" },
    {
      given: "an id of 65 bytes",
      call: () => encode("e", {}, { eventId: "x".repeat(65) }),
      reason: "EVENT_FIELD_TOO_LONG",
    },
    {
      given: "a user of 129 bytes",
      call: () => encode("e", {}, { userId: "x".repeat(129) }),
      reason: "EVENT_FIELD_TOO_LONG",
    },
    { given: "a time before 1980", call: () => encode("e", {}, { time: 0 }), reason: "EVENT_TIME_INVALID" },
    { given: "a time that is none", call: () => encode("e", {}, { time: "soon" }), reason: "EVENT_TIME_INVALID" },
    { given: "101 properties", call: () => encode("e", many), reason: "EVENT_PROPERTIES_TOO_MANY" },
    { given: "an empty key", call: () => encode("e", { "": 1 }), reason: "EVENT_PROPERTY_KEY_INVALID" },
    { given: "a reserved key", call: () => encode("e", { constructor: 1 }), reason: "EVENT_PROPERTY_KEY_INVALID" },
    {
      given: "a key of 129 bytes",
      call: () => encode("e", { ["k".repeat(129)]: 1 }),
      reason: "EVENT_PROPERTY_KEY_INVALID",
    },
    {
      given: "a text of 1,025 bytes",
      call: () => encode("e", { t: "x".repeat(1025) }),
      reason: "EVENT_FIELD_TOO_LONG",
    },
    {
      given: "a number that is none",
      call: () => encode("e", { n: Number.NaN }),
      reason: "EVENT_PROPERTY_VALUE_INVALID",
    },
    { given: "a list", call: () => encode("e", untyped({ list: [] })), reason: "EVENT_PROPERTY_VALUE_INVALID" },
  ])("for $given", ({ call, reason }) => {
    expect(call).toThrow(expect.objectContaining({ kind: "invalid", reason }));
  });
});
