/** Three times what a mesh takes, for minutes: measured, so nothing else may keep the machine busy meanwhile. */
import { it } from "vitest";
import { expectMastered, overload } from "./overload-trial.ts";

it.each([
  ["the line to Kafka", { lineBytesPerSecond: 512 * 1024, peakMs: 20_000, overloadMs: 120_000 }],
  // On two cores whoever offers the load is one of those who need them.
  ["the machine", { peakMs: 20_000, overloadMs: 60_000 }],
])("with %s as the limit, goodput stays at 80 % of the peak, and calm is back within 30 s", async (_limit, plan) => {
  expectMastered(await overload(plan));
});
