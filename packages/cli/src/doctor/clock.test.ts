import { describe, expect, it } from "vitest";
import { checkClock } from "./clock.ts";

const NOW = Date.parse("2026-03-01T12:00:00.400Z");

/** What is found when this computer's clock is so far ahead of the server's, and a call takes 100 ms. */
function found(aheadMs: number) {
  const serverMs = Math.floor((NOW + 50 - aheadMs) / 1_000) * 1_000;
  return checkClock({ serverMs, beforeMs: NOW, afterMs: NOW + 100 });
}

describe("the clock", () => {
  it.each([
    [0, "ok"],
    [900, "ok"],
    [-900, "ok"],
    [5_000, "ok"],
    [-4_000, "ok"],
    [8_000, "warning"],
    [-8_000, "warning"],
    [299_000, "warning"],
    [400_000, "problem"],
    [-400_000, "problem"],
  ])("that is %i ms ahead is %s", (aheadMs, level) => {
    expect(found(aheadMs).level).toBe(level);
  });

  it("is said to be ahead or behind, and what that does", () => {
    expect(found(600_000).text).toMatch(/10 min ahead of the server's: events sent with its time are refused/);
    expect(found(-600_000).text).toMatch(/10 min behind the server's/);
    expect(found(-600_000).advice).toContain("timedatectl");
  });

  it("is unknown where the server says nothing", () => {
    expect(checkClock(undefined).level).toBe("warning");
  });
});
