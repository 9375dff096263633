import { describe, expect, it } from "vitest";
import { changeOf } from "./change.ts";
import { axisText, bucketTitle, clockText, datesText, localMs } from "./moment.ts";
import { titleOf, valueTitle } from "./names.ts";
import { numberText, shareText } from "./number.ts";

describe("a number", () => {
  it.each([
    [null, {}, "–"],
    [Number.NaN, {}, "–"],
    [0, {}, "0"],
    [12_345, {}, "12,345"],
    [12_345, { compact: true }, "12,345"],
    [1_234_567, { compact: true }, "1.23M"],
    [2.123_4, {}, "2.12"],
    [12.345, {}, "12.35"],
    [123.45, {}, "123.5"],
    [0.041_6, { unit: "%" }, "4.2%"],
    [12.5, { unit: "ms" }, "12.5 ms"],
    [1_530, { unit: "ms" }, "1.53 sec"],
    [90_000, { unit: "ms" }, "1.5 min"],
    [49.9, { unit: "EUR" }, "€49.90"],
    [123_456.7, { unit: "EUR", compact: true }, "€123K"],
    [5, { unit: "kg" }, "5 kg"],
  ])("%s with %o is %s", (value, style, text) => {
    expect(numberText(value, style, "en")).toBe(text);
  });

  it("is written as the locale has it", () => {
    expect(numberText(12_345.6, {}, "de")).toBe("12.346");
    expect(numberText(0.5, { unit: "%" }, "de")).toBe("50\u00a0%");
  });

  it("that is a small share is not nothing", () => {
    expect([shareText(0, "en"), shareText(0.001, "en"), shareText(0.5, "en")]).toEqual(["0%", "<1%", "50%"]);
  });
});

describe("a change", () => {
  it.each([
    [112, 100, "up", "12%"],
    [95.5, 100, "down", "4.5%"],
    [100, 100, "same", "0%"],
    [1_000_000, 1, "up", ">9,999%"],
    [5, 0, "new", "new"],
    [0, 5, "down", "100%"],
  ])("to %s from %s is %s by %s", (now, before, direction, text) => {
    expect(changeOf(now, before, "en")).toEqual({ direction, text });
  });

  it("is none where there is nothing to compare", () => {
    expect([changeOf(1, null), changeOf(undefined, 1), changeOf(0, 0)]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a moment", () => {
  it("is told by the clock of its own offset", () => {
    expect(bucketTitle("2026-03-29T03:00:00+02:00", "1h", "en")).toBe("Sun, Mar 29, 03:00 AM");
    expect(new Date(localMs("2026-03-29T03:00:00+02:00")).toISOString()).toBe("2026-03-29T03:00:00.000Z");
  });

  it.each([
    ["1d", "Sun, Mar 1"],
    ["week", "Week of Mar 1, 2026"],
    ["month", "March 2026"],
  ] as const)("that begins a bucket of %s is %s", (every, text) => {
    expect(bucketTitle("2026-03-01T00:00:00Z", every, "en")).toBe(text);
  });

  it("on an axis is as short as it can be", () => {
    const at = Date.parse("2026-01-01T08:00Z");
    expect([axisText(at, "time", "en-GB"), axisText(at, "day", "en-GB"), axisText(at, "month", "en-GB")]).toEqual([
      "08:00",
      "1 Jan",
      "2026",
    ]);
  });

  it("of the day is told in the zone", () => {
    expect(clockText(Date.parse("2026-01-01T08:00:05Z"), "Asia/Kathmandu", "en-GB")).toBe("13:45:05");
  });

  it("to another is told once for what they share", () => {
    expect(datesText("2026-01-01", "2026-01-31", "en-GB")).toBe("1\u2009–\u200931 Jan 2026");
  });
});

describe("a name", () => {
  it("reads as people would write it", () => {
    expect(["page_views", "latency.p95", "referrer_source", "properties.page"].map(titleOf)).toEqual([
      "Page views",
      "Latency p95",
      "Source",
      "Page",
    ]);
  });

  it("of an absent value says so", () => {
    expect([valueTitle("plan", ""), valueTitle("country", ""), valueTitle("country", "DE")]).toEqual([
      "(none)",
      "Not known",
      "Germany",
    ]);
    expect(valueTitle("referrer_source", "(direct)")).toBe("Direct");
    expect(valueTitle("referrer_source", "constructor")).toBe("constructor");
    expect(valueTitle("page", "/\u202egnp.exe")).toBe("/·gnp.exe");
    expect(valueTitle("page", "/a\u0000\u001b[31m\n")).toBe("/a··[31m·");
  });
});
