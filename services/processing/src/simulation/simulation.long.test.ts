import { expect, it } from "vitest";
import { runHistories, seedsFrom } from "./run-histories.ts";
import { LENIENT, SOUND } from "./variants.ts";

/** Other histories each time: a failure names its seed. */
const FIRST_SEED = 1 + (Date.now() % 1_000_000_000);

it("counts every event once in 10,000 simulated histories", async () => {
  const { wrong, text } = await runHistories(seedsFrom(FIRST_SEED, 10_000));
  process.stdout.write(`simulation: ${text}\n`);
  expect(wrong).toEqual([]);
}, 3_000_000);

for (const [name, variant] of Object.entries(SOUND)) {
  it(`counts every event once in 1,000 simulated histories when ${name}`, async () => {
    expect((await runHistories(seedsFrom(FIRST_SEED, 1_000), variant)).wrong).toEqual([]);
  }, 600_000);
}

for (const [name, variant] of Object.entries(LENIENT)) {
  it(`loses nothing in 1,000 simulated histories when ${name}`, async () => {
    expect((await runHistories(seedsFrom(FIRST_SEED, 1_000), variant)).wrong).toEqual([]);
  }, 600_000);
}
