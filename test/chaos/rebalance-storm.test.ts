/** The storm of rebalance-storm.long.test.ts, for seconds. */
import { it } from "vitest";
import { weatherStorm } from "./storm-trial.ts";

it("every event counts once, while a processor joins or leaves every two seconds, and half as fast at least", async () => {
  await weatherStorm(6_000, 6);
});
