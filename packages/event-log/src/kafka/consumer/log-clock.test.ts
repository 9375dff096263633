import { describe, expect, it } from "vitest";
import { LogClock } from "./log-clock.ts";

describe("LogClock", () => {
  it("takes this machine's clock less what the brokers' may be behind it", () => {
    const clock = new LogClock(1000, () => 50_000);
    expect(clock.reachedAt(clock.now())).toBe(49_000);
  });

  it("allows for more as soon as a record proves that a broker's clock is further behind", () => {
    const clock = new LogClock(1000, () => 0);
    expect(clock.appendedAfter(50_000, 49_000)).toBe(false);
    expect(clock.appendedAfter(50_000, 47_000)).toBe(true);
    expect(clock.reachedAt(60_000)).toBeLessThanOrEqual(57_000);
    expect(clock.appendedAfter(60_000, 57_000)).toBe(false);
  });
});
