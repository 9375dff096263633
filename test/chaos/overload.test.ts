/** Three times what a mesh takes, for some seconds. */
import { expect, it } from "vitest";
import { overload } from "./overload-trial.ts";

/** What a mesh would not come to that goes under. How much it is exactly depends on who else uses the machine: see the long version. */
const GOODPUT_MIN = 0.1;

it("what is too much is refused, the rest goes on being taken, and counts once", { timeout: 600_000 }, async () => {
  const { goodput } = await overload({ lineBytesPerSecond: 1024 * 1024, peakMs: 5_000, overloadMs: 10_000 });
  expect(goodput).toBeGreaterThan(GOODPUT_MIN);
});
