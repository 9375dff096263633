import { describe, expect, it } from "vitest";
import { Pace, roughly } from "./pace.ts";

describe("the pace", () => {
  it("is that of the last ten seconds", () => {
    const pace = new Pace();
    for (let second = 0; second <= 30; second++) {
      const bytes = second <= 20 ? second * 1_000 : 20_000 + (second - 20) * 100;
      pace.add(second * 1_000, bytes, bytes / 10);
    }
    expect(pace.rowsPerSecond).toBe(10);
    expect(pace.remainingMs(22_000)).toBe(10_000);
  });

  it("is known where it is looked at every ten seconds only, as in a log", () => {
    const pace = new Pace();
    for (const second of [0, 10.01, 20.02]) pace.add(second * 1_000, second * 100, second * 10);
    expect(pace.rowsPerSecond).toBeCloseTo(10);
  });

  it("promises nothing before it can know", () => {
    const pace = new Pace();
    expect(pace.remainingMs(100)).toBeUndefined();
    pace.add(0, 0, 0);
    pace.add(500, 50, 5);
    expect(pace.remainingMs(100)).toBeUndefined();
    pace.add(1_000, 100, 10);
    expect(pace.remainingMs(100)).toBe(0);
  });

  it("does not count what an earlier run had sent", () => {
    const pace = new Pace();
    pace.add(0, 0, 0);
    pace.add(200, 50_000, 20, 5_000);
    for (let tick = 2; tick <= 11; tick++) pace.add(tick * 200, 50_000 + (tick - 1) * 200, tick * 20, 5_000);
    expect(pace.rowsPerSecond).toBeCloseTo(100);
    expect(pace.remainingMs(62_000)).toBeCloseTo(11_000, 0);
  });

  it("is unknown where nothing moves", () => {
    const pace = new Pace();
    for (let second = 0; second <= 20; second++) pace.add(second * 1_000, 50, 5);
    expect(pace.remainingMs(100)).toBeUndefined();
  });

  it("is said in few words", () => {
    expect([0, 7_400, 61_000, 200_000, 4_800_000].map(roughly)).toEqual(["0 s", "8 s", "1 min", "3 min", "1 h 20 min"]);
  });
});
