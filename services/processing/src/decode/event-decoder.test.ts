import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { Failure } from "@millrace/failure";
import type { FoldEvent } from "@millrace/rollup";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventDecoder, emptyEvent } from "./event-decoder.ts";

const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.toWellFormed());
const value = fc.oneof(text, fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const anyEvent = fc.record({
  eventId: text,
  name: text,
  userId: text,
  anonymousId: text,
  sessionId: text,
  properties: fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    value,
    { maxKeys: 12 },
  ),
});

function encoded(event: { properties: JsonObject } & Record<string, unknown>): Buffer {
  const message = create(EventSchema, { ...event, time: timestampFromMs(1_700_000_000_000) } as never);
  return Buffer.from(toBinary(EventSchema, message));
}

function propertiesOf(event: FoldEvent): Record<string, unknown> {
  return Object.fromEntries(event.keys.slice(0, event.count).map((key, i) => [key, event.values[i]]));
}

describe("the event decoder", () => {
  it("reads what protobuf-es writes, whatever was decoded into the same object before", () => {
    const decoder = new EventDecoder();
    const event = emptyEvent();
    fc.assert(
      fc.property(anyEvent, (given) => {
        const bytes = encoded(given);
        const around = Buffer.concat([Buffer.from([255, 255]), bytes, Buffer.from([255])]);
        decoder.decode(around, 2, 2 + bytes.length, event);
        const { eventId, name, userId, anonymousId, sessionId } = event;
        const present = Object.entries(given.properties).filter(([, each]) => each !== null);
        const properties = propertiesOf(event);
        expect({ eventId, name, userId, anonymousId, sessionId, properties }).toEqual({
          ...given,
          properties: Object.fromEntries(present),
        });
        expect(around.toString("utf8", decoder.idFrom, decoder.idTo)).toBe(given.eventId);
      }),
      { numRuns: 300 },
    );
  });

  it("takes the last value of a key that comes twice, and null as absence", () => {
    const first = encoded({ properties: { a: 1, b: "x" } });
    const second = encoded({ properties: { a: 2, b: null } });
    const event = emptyEvent();
    const both = Buffer.concat([first, second]);
    new EventDecoder().decode(both, 0, both.length, event);
    expect(propertiesOf(event)).toEqual({ a: 2 });
  });

  it("answers any damage with a failure, never with anything else", () => {
    const decoder = new EventDecoder();
    const event = emptyEvent();
    fc.assert(
      fc.property(anyEvent, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (given, at, byte, cut) => {
        const bytes = encoded(given);
        if (bytes.length === 0) return;
        bytes[at % bytes.length] = byte;
        try {
          decoder.decode(bytes, 0, cut % (bytes.length + 1), event);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 500 },
    );
  });
});
