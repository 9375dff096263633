/** Three times what a mesh takes, for some seconds. */
import { expect, it } from "vitest";
import { overload } from "./overload-trial.ts";

/** What a mesh would not come to that goes under. How much it is exactly depends on who else uses the machine: see the long version. */
const GOODPUT_MIN = 0.2;
/** By processor time, which others hardly change: were half of it spent on refusing, it would be 2. */
const COST_GROWTH_MAX = 2;

it("what is too much is refused, the rest goes on being taken, and counts once", { timeout: 600_000 }, async () => {
  const plan = { lineBytesPerSecond: 256 * 1024, peakMs: 5_000, overloadMs: 8_000 };
  const { goodput, costGrowth } = await overload(plan);
  expect(goodput).toBeGreaterThan(GOODPUT_MIN);
  expect(costGrowth).toBeLessThan(COST_GROWTH_MAX);
});
