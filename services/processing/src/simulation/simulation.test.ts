/**
 * Exactly-once, as a whole: the real processing code in simulated worlds, in which processes and backends fail in every way
 * that they may (P1, P2, P3, P6, and watermarks). What is stored in the end is compared with an exact count of what was
 * sent, and byte by byte with an undisturbed fold. `npm run test:long` runs many more.
 */
import { describe, expect, it } from "vitest";
import { runHistory } from "./history.ts";
import { runHistories, seedsFrom } from "./run-histories.ts";
import { BROKEN, LENIENT, SOUND } from "./variants.ts";

/** Within so many histories a broken variant must be found out. */
const FIRST_SEEDS = Array.from({ length: 150 }, (_, i) => i + 1);

describe("simulated histories", () => {
  it("count every event once, whatever crashes, moves, comes late or fails", async () => {
    const { wrong, text } = await runHistories(seedsFrom(1, 200));
    process.stdout.write(`simulation: ${text}\n`);
    expect(wrong).toEqual([]);
  }, 300_000);

  it("are the same for the same seed", async () => {
    for (const seed of [1, 2, 3]) expect(await runHistory(seed)).toEqual(await runHistory(seed));
    expect((await runHistory(1)).trace).not.toBe((await runHistory(2)).trace);
  }, 120_000);

  for (const [name, variant] of Object.entries(SOUND)) {
    it(`are right when ${name}`, async () => {
      expect((await runHistories(FIRST_SEEDS.slice(0, 20), variant)).wrong).toEqual([]);
    }, 120_000);
  }

  for (const [name, variant] of Object.entries(LENIENT)) {
    it(`lose nothing, though duplicates may count, when ${name}`, async () => {
      expect((await runHistories(FIRST_SEEDS.slice(0, 20), variant)).wrong).toEqual([]);
    }, 120_000);
  }

  for (const [name, variant] of Object.entries(BROKEN)) {
    it(`find it out when ${name}`, async () => {
      const { wrong } = await runHistories(FIRST_SEEDS, variant, 1);
      expect(wrong).not.toEqual([]);
    }, 120_000);
  }
});
