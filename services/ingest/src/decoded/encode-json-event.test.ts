import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Rejection } from "../rejection.ts";
import { encodeJsonEvent } from "./encode-json-event.ts";
import { examineEvent } from "./examine-event.ts";
import { readJsonTime } from "./json-time.ts";

function judge(encoded: Uint8Array | Rejection): string {
  const examined = encoded instanceof Uint8Array ? examineEvent(encoded, 0, encoded.length) : encoded;
  return examined instanceof Uint8Array
    ? Buffer.from(examined).toString("hex")
    : `${examined.reason} ${examined.field}`;
}

describe("an event in JSON", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 70 }),
    fc.constantFrom("", "x".repeat(130)),
  );
  const value = fc.oneof(
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.constantFrom(null, [], [1], {}, { a: 1 }, "y".repeat(1025)),
  );
  const event = fc.record({
    eventId: text,
    name: text,
    userId: text,
    anonymousId: text,
    sessionId: text,
    properties: fc.dictionary(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "prototype")), value, {
      maxKeys: 6,
    }),
  });

  it("gets the same verdict, reason and field, and the same bytes, as in protobuf", () => {
    fc.assert(
      fc.property(event, fc.integer({ min: -1e13, max: 3e13 }), (init, ms) => {
        const json = JSON.parse(JSON.stringify({ ...init, time: ms })) as unknown;
        // Small numbers are seconds.
        const time = timestampFromMs(Math.abs(ms) < 1e11 ? ms * 1000 : ms);
        const binary = toBinary(EventSchema, create(EventSchema, { ...init, time }));
        expect(judge(encodeJsonEvent(json, "reject"))).toBe(judge(binary));
      }),
      { numRuns: 1000 },
    );
  });

  it("understands every way to write a field", () => {
    const expected = judge(
      toBinary(
        EventSchema,
        create(EventSchema, { name: "n", eventId: "e", userId: "u", time: timestampFromMs(1.7e12) }),
      ),
    );
    for (const json of [
      { name: "n", event_id: "e", user_id: "u", time: 1.7e9 },
      { event_type: "n", eventId: "e", userId: "u", timestamp: 1.7e12 },
      { name: "n", eventId: "e", user_id: "u", time: "2023-11-14T22:13:20Z", session_id: null, properties: null },
    ]) {
      expect(judge(encodeJsonEvent(json, "reject"))).toBe(expected);
    }
  });

  it("is rejected with the field that can't be understood", () => {
    const cases: [unknown, string][] = [
      [[], "EVENT_MALFORMED "],
      ["name", "EVENT_MALFORMED "],
      [{ name: 5 }, "EVENT_MALFORMED name"],
      [{ name: "a", user_id: 1.5 }, "EVENT_MALFORMED user_id"],
      [{ name: "a", properties: [1] }, "EVENT_MALFORMED properties"],
      [{ name: "a", price: 3 }, "EVENT_MALFORMED price"],
      [{ name: "a", time: "yesterday" }, "EVENT_TIME_INVALID time"],
      [{ name: "a", properties: { k: "\ud800" } }, "EVENT_TEXT_INVALID properties"],
      [JSON.parse('{"name":"a","__proto__":{"user_id":"x"}}'), "EVENT_MALFORMED __proto__"],
    ];
    for (const [json, expected] of cases) expect(judge(encodeJsonEvent(json, "reject"))).toBe(expected);
    expect(judge(encodeJsonEvent({ name: "a", price: 3 }, "ignore"))).toBe(
      judge(encodeJsonEvent({ name: "a" }, "reject")),
    );
  });
});

describe("a time in JSON", () => {
  it("is RFC 3339 with a zone, or a number of seconds or milliseconds", () => {
    const cases: [unknown, string | undefined][] = [
      ["2026-03-01T12:00:00Z", "1772366400.0"],
      ["2026-03-01t12:00:00.000000001z", "1772366400.1"],
      ["2026-03-01T12:00:00.5+05:30", "1772346600.500000000"],
      ["2024-02-29T00:00:00-00:30", "1709166600.0"],
      ["0001-01-01T00:00:00Z", "-62135596800.0"],
      ["2023-02-29T00:00:00Z", undefined],
      ["2026-03-01T24:00:00Z", undefined],
      ["2026-03-01T12:00:00", undefined],
      ["2026-03-01", undefined],
      ["1772366400", undefined],
      [99_999_999_999, "99999999999.0"],
      [100_000_000_000, "100000000.0"],
      [1772366400.25, "1772366400.250000000"],
      [-1.5, "-2.500000000"],
      [Number.NaN, undefined],
      [1e300, undefined],
      [true, undefined],
    ];
    for (const [value, expected] of cases) {
      const moment = readJsonTime(value);
      expect(moment && `${moment.seconds}.${moment.nanos}`, String(value)).toBe(expected);
    }
  });
});
