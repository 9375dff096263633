import { describe, expect, it } from "vitest";
import { parseTime } from "./time-text.ts";
import { zoneNamed } from "./zoned-time.ts";

const UTC = zoneNamed("UTC");

describe("times in files", () => {
  it.each([
    { text: "2026-01-02T03:04:05Z", expected: "2026-01-02T03:04:05.000Z" },
    { text: "2026-01-02T03:04:05.678+02:00", expected: "2026-01-02T01:04:05.678Z" },
    { text: "2026-01-02 03:04:05", expected: "2026-01-02T03:04:05.000Z" },
    { text: "2026-01-02T03:04-0530", expected: "2026-01-02T08:34:00.000Z" },
    { text: "2026-01-02", expected: "2026-01-02T00:00:00.000Z" },
    { text: "1442018818", expected: "2015-09-12T00:46:58.000Z" },
    { text: "1442018818771", expected: "2015-09-12T00:46:58.771Z" },
    { text: "1442018818.771", expected: "2015-09-12T00:46:58.771Z" },
    { text: "17/May/2015:10:05:03 +0200", expected: "2015-05-17T08:05:03.000Z" },
    { text: "2016-12-31T23:59:60Z", expected: "2016-12-31T23:59:59.000Z" },
  ])("$text", ({ text, expected }) => {
    const time = parseTime(text, UTC)!;
    expect(new Date(time.seconds * 1_000 + time.nanos / 1e6).toISOString()).toBe(expected);
  });

  it("keep nanoseconds", () => {
    expect(parseTime("1970-01-01T00:00:01.123456789Z", UTC)).toEqual({ seconds: 1, nanos: 123_456_789 });
  });

  it("without an offset are in the zone", () => {
    expect(parseTime("2010-07-01T08:26:00", zoneNamed("Europe/London"))!.seconds).toBe(
      Date.UTC(2010, 6, 1, 7, 26) / 1_000,
    );
  });

  it.each([
    "",
    "yesterday",
    "2026-02-30",
    "2026-13-01",
    "2026-01-01T24:00:00",
    "12/01/2010 08:26",
    "1e3",
    "123456789012345",
  ])("%j is none", (text) => {
    expect(parseTime(text, UTC)).toBeUndefined();
  });
});
