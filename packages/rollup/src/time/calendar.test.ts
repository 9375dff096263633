import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { relativeRange, shiftRange } from "./calendar.ts";
import { localDayStart } from "./local-buckets.ts";

const ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe"];

function at(zone: string, text: string): number {
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
}

function range(zone: string, start: string, end: string) {
  return { start: at(zone, start), end: at(zone, end) };
}

describe("the last so many units", () => {
  const zone = "Europe/Berlin";
  const now = at(zone, "2024-07-17T14:35:12");

  it("hold the current one, whole", () => {
    expect(relativeRange(zone, now, 5, "minute")).toEqual(range(zone, "2024-07-17T14:31", "2024-07-17T14:36"));
    expect(relativeRange(zone, now, 24, "hour")).toEqual(range(zone, "2024-07-16T15:00", "2024-07-17T15:00"));
    expect(relativeRange(zone, now, 1, "day")).toEqual(range(zone, "2024-07-17", "2024-07-18"));
    expect(relativeRange(zone, now, 7, "day")).toEqual(range(zone, "2024-07-11", "2024-07-18"));
    expect(relativeRange(zone, now, 2, "week")).toEqual(range(zone, "2024-07-08", "2024-07-22"));
    expect(relativeRange(zone, now, 8, "month")).toEqual(range(zone, "2023-12-01", "2024-08-01"));
  });

  it("count days by the calendar over a change of the clock", () => {
    const monday = at(zone, "2024-04-01T12:00");
    expect(relativeRange(zone, monday, 3, "day")).toEqual(range(zone, "2024-03-30", "2024-04-02"));
  });

  it("hold now, in any zone", () => {
    const unit = fc.constantFrom("minute", "hour", "day", "week", "month");
    const moment = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moment, fc.integer({ min: 1, max: 5000 }), unit, (name, t, last, of) => {
        const { start, end } = relativeRange(name, t, last, of);
        expect(start <= t && t < end).toBe(true);
      }),
    );
  });
});

describe("the previous period", () => {
  const zone = "Europe/Berlin";
  const june = range(zone, "2024-06-01", "2024-07-01");

  it("of whole months is as many months", () => {
    expect(shiftRange(zone, june, "previousPeriod")).toEqual(range(zone, "2024-05-01", "2024-06-01"));
    expect(shiftRange(zone, range(zone, "2024-01-01", "2024-04-01"), "previousPeriod", "month")).toEqual(
      range(zone, "2023-10-01", "2024-01-01"),
    );
  });

  it("of days is as many days, though they are a month or the clock changes among them", () => {
    expect(shiftRange(zone, june, "previousPeriod", "day")).toEqual(range(zone, "2024-05-02", "2024-06-01"));
    expect(shiftRange(zone, range(zone, "2024-04-01", "2024-04-03"), "previousPeriod")).toEqual(
      range(zone, "2024-03-30", "2024-04-01"),
    );
  });

  it("of anything else is as long", () => {
    expect(shiftRange(zone, range(zone, "2024-06-01T10:00", "2024-06-02T08:00"), "previousPeriod", "day")).toEqual(
      range(zone, "2024-05-31T12:00", "2024-06-01T10:00"),
    );
    expect(shiftRange(zone, range(zone, "2024-04-01", "2024-04-02"), "previousPeriod", "hour").start).toBe(
      at(zone, "2024-03-30T23:00"),
    );
  });

  it("always ends where the range begins", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) }),
        fc.integer({ min: 1, max: 4e10 }),
        fc.constantFrom("hour", "day", "week", "month", undefined),
        fc.boolean(),
        (name, from, length, unit, whole) => {
          const start = whole ? localDayStart(name, from) : from;
          const end = whole ? localDayStart(name, from + length + 86_400_000) : from + length;
          fc.pre(end > start);
          const before = shiftRange(name, { start, end }, "previousPeriod", unit);
          expect(before.end).toBe(start);
          expect(before.start).toBeLessThan(start);
        },
      ),
    );
  });

  it("is as many hours before where the zone skipped the day before", () => {
    const [start, end] = [Date.UTC(2011, 11, 30, 10), Date.UTC(2011, 11, 31, 10)];
    const before = shiftRange("Pacific/Apia", { start, end }, "previousPeriod");
    expect(before).toEqual({ start: start - 86_400_000, end: start });
  });
});

describe("the previous year", () => {
  it("has the same dates", () => {
    for (const zone of ZONES) {
      expect(shiftRange(zone, range(zone, "2023-07-11", "2023-07-18"), "previousYear")).toEqual(
        range(zone, "2022-07-11", "2022-07-18"),
      );
      expect(shiftRange(zone, range(zone, "2023-10-01", "2024-01-01"), "previousYear")).toEqual(
        range(zone, "2022-10-01", "2023-01-01"),
      );
    }
  });

  it("takes 28 February for 29 February", () => {
    const february = (start: string, end: string) => shiftRange("UTC", range("UTC", start, end), "previousYear");
    expect(february("2024-02-29", "2024-03-01")).toEqual(range("UTC", "2023-02-28", "2023-03-01"));
    expect(february("2024-02-28", "2024-02-29")).toEqual(range("UTC", "2023-02-28", "2023-03-01"));
    expect(february("2024-02-01", "2024-03-01")).toEqual(range("UTC", "2023-02-01", "2023-03-01"));
  });

  it("is never empty", () => {
    const moment = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moment, fc.integer({ min: 1, max: 4e10 }), (name, start, length) => {
        const before = shiftRange(name, { start, end: start + length }, "previousYear");
        expect(before.end).toBeGreaterThan(before.start);
      }),
    );
  });
});
