import { describe, expect, it } from "vitest";
import { zoomedRange } from "./zoom.ts";

describe("a stretch of a chart", () => {
  it("of days ends with the last of them", () => {
    expect(zoomedRange("2026-11-18T00:00:00+01:00", "2026-11-20T00:00:00+01:00", "1d", "Europe/Berlin")).toEqual({
      kind: "between",
      from: "2026-11-18",
      to: "2026-11-20",
    });
  });

  it("of hours ends where the last of them does, by the clock of the zone", () => {
    expect(zoomedRange("2026-11-18T22:00:00+01:00", "2026-11-18T23:00:00+01:00", "1h", "Europe/Berlin")).toEqual({
      kind: "between",
      from: "2026-11-18T22:00",
      to: "2026-11-19T00:00",
    });
  });
});
