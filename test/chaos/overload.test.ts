/** The overload of overload.long.test.ts, for seconds, where the line to Kafka is the limit: no machine is too slow for it. */
import { it } from "vitest";
import { expectMastered, overload } from "./overload-trial.ts";

it("three times what the line to Kafka takes: goodput stays at 80 % of the peak, and calm is back within 30 s", async () => {
  expectMastered(await overload({ lineBytesPerSecond: 512 * 1024, peakMs: 5_000, overloadMs: 8_000 }));
});
