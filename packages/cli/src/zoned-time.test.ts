import { describe, expect, it } from "vitest";
import { zoneNamed } from "./zoned-time.ts";

const utc = (zone: string, local: string) => new Date(zoneNamed(zone).toUtc(Date.parse(`${local}Z`))).toISOString();

describe("local times", () => {
  it.each([
    { zone: "UTC", local: "2026-03-29T02:30:00", expected: "2026-03-29T02:30:00.000Z" },
    { zone: "Europe/Berlin", local: "2026-01-15T12:00:00", expected: "2026-01-15T11:00:00.000Z" },
    { zone: "Europe/Berlin", local: "2026-07-15T12:00:00", expected: "2026-07-15T10:00:00.000Z" },
    { zone: "Asia/Kathmandu", local: "2026-07-15T00:00:00", expected: "2026-07-14T18:15:00.000Z" },
  ])("$local in $zone is $expected", ({ zone, local, expected }) => {
    expect(utc(zone, local)).toBe(expected);
  });

  it("that are skipped count on from before the gap", () => {
    expect(utc("Europe/Berlin", "2026-03-29T02:30:00")).toBe("2026-03-29T01:30:00.000Z");
  });

  it("that come twice are the first", () => {
    expect(utc("Europe/Berlin", "2026-10-25T02:30:00")).toBe("2026-10-25T00:30:00.000Z");
  });

  it("at the hours around a change are right", () => {
    expect(utc("America/New_York", "2026-03-08T01:59:00")).toBe("2026-03-08T06:59:00.000Z");
    expect(utc("America/New_York", "2026-03-08T03:00:00")).toBe("2026-03-08T07:00:00.000Z");
  });

  it("need a zone that exists", () => {
    expect(() => zoneNamed("Mars/Olympus")).toThrow(/"Mars\/Olympus" is not a time zone/);
  });
});
