import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { localBucket, localBuckets, localDayStart, nextLocalDayStart } from "./local-buckets.ts";
import {
  canonicalTimeZone,
  dayStart,
  isTimeZone,
  localDay,
  offsetMinutesAt,
  offsetMsAt,
  offsetsUsed,
  stretchAt,
  wallClock,
} from "./zone.ts";

const FROM = Date.UTC(1990, 0, 1);
const TO = Date.UTC(2037, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Zones whose clocks change at midnight, by half an hour, over a whole day, or a minute past midnight. */
const ODD_ZONES = [
  "America/Havana",
  "Atlantic/Azores",
  "Asia/Beirut",
  "America/Sao_Paulo",
  "Pacific/Apia",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "America/Moncton",
  "America/St_Johns",
  "America/Goose_Bay",
  "Antarctica/Casey",
  "Antarctica/Troll",
  "Asia/Gaza",
  "Africa/Casablanca",
  "Pacific/Kiritimati",
];

const allZones = Intl.supportedValuesOf("timeZone");

function changesOf(zone: string, from = FROM, to = TO): number[] {
  const changes: number[] = [];
  for (let t = stretchAt(zone, from).to; t < to; t = stretchAt(zone, t).to) {
    if (stretchAt(zone, t - 1).offsetMs !== stretchAt(zone, t).offsetMs) changes.push(t);
  }
  return changes;
}

function zoned(zone: string, epochMs: number) {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);
}

/** The start of the day that holds a moment, when each day runs from its start to the start of the next. */
function oracle(zone: string, epochMs: number): { start: number; next: number } {
  let date = zoned(zone, epochMs).toPlainDate();
  const startOf = (of: typeof date) => of.toZonedDateTime(zone).startOfDay().epochMilliseconds;
  let start = startOf(date);
  for (;;) {
    date = date.add({ days: 1 });
    const next = startOf(date);
    if (next > epochMs) return { start, next };
    start = next;
  }
}

function check(zone: string, epochMs: number): void {
  const expected = { zone, epochMs, offset: zoned(zone, epochMs).offsetNanoseconds / 1e6, ...oracle(zone, epochMs) };
  expect({
    zone,
    epochMs,
    offset: offsetMsAt(zone, epochMs),
    start: localDayStart(zone, epochMs),
    next: nextLocalDayStart(zone, epochMs),
  }).toEqual(expected);
}

describe("local days", () => {
  it("are Temporal's in every IANA zone around its changes", () => {
    allZones.forEach((zone, i) => {
      // Some years of each zone, so that together they reach every year: finding all changes of all zones takes long.
      const from = Date.UTC(1990 + ((i * 7) % 44), 0, 1);
      for (const change of changesOf(zone, from, from + 3 * 365 * DAY).slice(0, 3)) {
        for (const away of [-DAY, -HOUR, -60_000, -1, 0, 60_000, HOUR, DAY]) check(zone, change + away);
      }
    });
  }, 30_000);

  it("are Temporal's in odd zones at each change since 1990", () => {
    for (const zone of ODD_ZONES) {
      changesOf(zone).forEach((change, i) => {
        for (const hours of [-1, 0, 1]) check(zone, change + hours * HOUR + ((i * 61) % 120) * 30_000 - HOUR / 2);
      });
    }
  }, 30_000);

  it("are Temporal's at any moment", () => {
    const moment = fc.integer({ min: FROM, max: TO });
    fc.assert(fc.property(fc.constantFrom(...allZones), moment, check), { numRuns: 3000 });
  }, 30_000);

  it("have one start where the clock shows midnight twice", () => {
    // Havana, 2024-11-03: at 01:00 the clock goes back to 00:00.
    const first = Date.UTC(2024, 10, 3, 4);
    expect(localDayStart("America/Havana", first + 90 * 60_000)).toBe(first);
    expect(nextLocalDayStart("America/Havana", first)).toBe(first + 25 * HOUR);
  });

  it("start when the clock arrives where midnight is skipped", () => {
    // Beirut, 2022-03-27: 00:00 becomes 01:00.
    const start = Date.UTC(2022, 2, 26, 22);
    expect(localDayStart("Asia/Beirut", start + HOUR)).toBe(start);
    expect(nextLocalDayStart("Asia/Beirut", start)).toBe(start + 23 * HOUR);
  });

  it("take the evening that is lived again into the new day", () => {
    // Moncton, 2006-10-29: at 00:01 the clock goes back to 23:01 of the 28th.
    const start = Date.UTC(2006, 9, 29, 3);
    expect(localDayStart("America/Moncton", start - 1)).toBe(start - DAY);
    expect(localDayStart("America/Moncton", start + 10 * 60_000)).toBe(start);
    expect(nextLocalDayStart("America/Moncton", start + 10 * 60_000)).toBe(start + 25 * HOUR);
  });

  it("leave out a day that a zone skipped", () => {
    const days = [...localBuckets("Pacific/Apia", "1d", Date.UTC(2011, 11, 29, 12), Date.UTC(2011, 11, 31, 12))];
    expect(days.map((day) => day.end - day.start)).toEqual([DAY, DAY, DAY]);
    expect(localDay("Pacific/Apia", days[1]!.start) - localDay("Pacific/Apia", days[0]!.start)).toBe(2);
  });

  it("do not fail on offsets with seconds, or far from our time", () => {
    fc.assert(
      fc.property(fc.constantFrom(...allZones), fc.integer({ min: -8.64e15, max: 8.64e15 }), (zone, t) => {
        const day = localBucket(zone, "1d", t);
        expect(day.start).toBeLessThanOrEqual(t);
        expect(day.end).toBeGreaterThan(t);
      }),
      { numRuns: 300 },
    );
    expect(offsetMinutesAt("Africa/Monrovia", 0)).toBe(-44.5);
  });
});

describe("the wall clock", () => {
  it("is Temporal's, times that are skipped or shown twice included", () => {
    const near = fc.constantFrom(...ODD_ZONES, "Europe/Berlin").chain((zone) => {
      const changes = changesOf(zone);
      const minutes = fc.integer({ min: -1600, max: 1600 });
      return fc.tuple(fc.constant(zone), fc.constantFrom(...(changes.length > 0 ? changes : [FROM])), minutes);
    });
    fc.assert(
      fc.property(near, ([zone, change, minutes]) => {
        const localMs = change + offsetMsAt(zone, change) + minutes * 60_000;
        const shown = Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO("UTC").toPlainDateTime();
        expect(wallClock(zone, localMs)).toBe(shown.toZonedDateTime(zone).epochMilliseconds);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("buckets of a series", () => {
  const zone = fc.constantFrom(...ODD_ZONES, "Europe/Berlin", "UTC");
  const granularity = fc.constantFrom("5m", "15m", "1h", "1d", "week", "month");

  it("follow each other without a gap, each holding its own moments", () => {
    const near = zone.chain((name) =>
      fc.tuple(fc.constant(name), fc.constantFrom(...[...changesOf(name), FROM]), fc.integer({ min: -DAY, max: DAY })),
    );
    fc.assert(
      fc.property(near, granularity, ([name, change, away], width) => {
        let end: number | undefined;
        let i = 0;
        for (const bucket of localBuckets(name, width, change + away, change + away + 5 * HOUR)) {
          expect(bucket.end).toBeGreaterThan(bucket.start);
          if (end !== undefined) expect(bucket.start).toBe(end);
          expect(localBucket(name, width, bucket.start)).toEqual(bucket);
          expect(localBucket(name, width, bucket.end - 1)).toEqual(bucket);
          end = bucket.end;
          if (++i > 100) break;
        }
        expect(end).toBeGreaterThan(change + away);
      }),
      { numRuns: 1500 },
    );
  });

  it("lie in one local day when they are shorter", () => {
    fc.assert(
      fc.property(zone, fc.constantFrom("5m", "15m", "1h"), fc.integer({ min: FROM, max: TO }), (name, width, t) => {
        const bucket = localBucket(name, width, t);
        expect(localDay(name, bucket.start)).toBe(localDay(name, bucket.end - 1));
      }),
    );
  });

  it("are Temporal's weeks and months", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("Europe/Berlin", "America/Sao_Paulo", "UTC"),
        fc.integer({ min: FROM, max: TO }),
        (name, t) => {
          const date = zoned(name, localDayStart(name, t) + 2 * HOUR).toPlainDate();
          const monday = date.subtract({ days: date.dayOfWeek - 1 });
          const first = date.with({ day: 1 });
          const startOf = (of: typeof date) => of.toZonedDateTime(name).epochMilliseconds;
          expect(localBucket(name, "week", t)).toEqual({
            start: startOf(monday),
            end: startOf(monday.add({ days: 7 })),
          });
          expect(localBucket(name, "month", t)).toEqual({
            start: startOf(first),
            end: startOf(first.add({ months: 1 })),
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keep hours whole through summer time and cut them where half an hour is added", () => {
    const widths = (name: string, at: number) =>
      [...localBuckets(name, "1h", at - 2 * HOUR, at + 2 * HOUR)].map((hour) => (hour.end - hour.start) / 60_000);
    expect(widths("Europe/Berlin", Date.UTC(2024, 9, 27, 1))).toEqual([60, 60, 60, 60]);
    // Lord Howe, 2024-04-07: at 02:00 the clock goes back to 01:30, so that half an hour stands alone.
    expect(widths("Australia/Lord_Howe", Date.UTC(2024, 3, 6, 15))).toEqual([60, 60, 30, 60, 60]);
  });
});

describe("offsets of day cells", () => {
  it("are those that the zone uses in the range, and at least one", () => {
    const years = [Date.UTC(2025, 0, 1), Date.UTC(2027, 0, 1)] as const;
    expect(offsetsUsed("Europe/Berlin", ...years)).toEqual([60, 120]);
    expect(offsetsUsed("Asia/Kathmandu", ...years)).toEqual([345]);
    expect(offsetsUsed("America/St_Johns", ...years)).toEqual([-210, -150]);
    expect(offsetsUsed("UTC", years[0], years[0])).toEqual([0]);
    for (const zone of allZones) {
      const used = offsetsUsed(zone, ...years);
      expect(used.length >= 1 && used.length <= 4 && used.every(Number.isInteger)).toBe(true);
    }
  });
});

describe("names of zones", () => {
  it("are known in any case and by alias", () => {
    expect(canonicalTimeZone("europe/BERLIN")).toBe("Europe/Berlin");
    expect(canonicalTimeZone("Asia/Kolkata")).toBe("Asia/Kolkata");
    expect(["UTC", "Asia/Kolkata", "asia/calcutta"].map(isTimeZone)).toEqual([true, true, true]);
  });

  it("are refused when they are none, or only an offset", () => {
    expect(["", "Mars/Olympus", "+01:00", "x".repeat(10_000), "UTC\0"].map(isTimeZone)).not.toContain(true);
    expect(() => dayStart("Mars/Olympus", 0)).toThrow(/"Mars\/Olympus" is not an IANA time zone/);
  });
});
