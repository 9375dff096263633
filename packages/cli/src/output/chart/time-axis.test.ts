import { describe, expect, it } from "vitest";
import { timeAxis } from "./time-axis.ts";

function minutes(from: string, count: number, every: number): string[] {
  return Array.from({ length: count }, (_, at) => new Date(Date.parse(from) + at * every * 60_000).toISOString());
}

describe("a time axis", () => {
  it("has labels at round times of the clock, as many as fit", () => {
    expect(timeAxis(minutes("2026-11-21T13:58:00Z", 40, 1), (at) => at, 40)).toBe(
      "  14:00     14:10     14:20     14:30",
    );
    expect(timeAxis(minutes("2026-11-21T13:00:00Z", 12, 60), (at) => at * 3, 36)).toBe("      15:00    18:00    21:00");
  });

  it("says the date where a day begins", () => {
    expect(timeAxis(minutes("2026-11-20T21:00:00Z", 6, 60), (at) => at * 8, 48)).toBe(
      "21:00   22:00   23:00   Nov 21  01:00   02:00",
    );
  });

  it("has days and months for buckets of days and months", () => {
    const days = ["2026-10-30", "2026-10-31", "2026-11-01"].map((day) => `${day}T00:00:00+01:00`);
    expect(timeAxis(days, (at) => at * 8, 24)).toBe("Oct 30  Oct 31  Nov 1");
    const months = ["2026-10-01", "2026-11-01"].map((day) => `${day}T00:00:00Z`);
    expect(timeAxis(months, (at) => at * 10, 20)).toBe("Oct 2026  Nov 2026");
  });

  it("has one label where there is little space", () => {
    expect(timeAxis(minutes("2026-11-21T13:58:00Z", 8, 1), (at) => at, 8)).toBe("  14:00");
  });
});
