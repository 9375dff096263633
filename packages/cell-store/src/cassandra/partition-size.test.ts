import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eraMinutes, TIERS, tierOf } from "./era.ts";

const KIB = 1_024;
const MIB = KIB * KIB;
const PARTITION_BYTES_MAX = 10 * MIB;
/** What a row takes beside its blob: the minute, the write time, the time to live, lengths. Rather more than it does. */
const ROW_BYTES = 64;
/** The largest block that a layout of families allows: BLOCK_BYTES_MAX of rollup. */
const BLOCK_BYTES_MAX = MIB;
/** From the contracts: slots of a rollup, and the partitions of the log that a project is spread over. */
const SLOTS_MAX = 256;
const SPREAD_MAX = 1_024;
/** What one row of `lanes` takes: a slot and a source in its key, and when it was written. */
const LANE_BYTES = 32;
const MINUTES = { "1m": 1, "15m": 15, "1h": 60, "1d": 1_440 };

describe("a partition of blocks", () => {
  it.each(TIERS)("of %s stays below 10 MiB, also of the widest project that is allowed", (tier) => {
    const rows = eraMinutes(tier) / MINUTES[tier];
    expect(Number.isInteger(rows)).toBe(true);
    expect(rows * (BLOCK_BYTES_MAX + ROW_BYTES)).toBeLessThan(PARTITION_BYTES_MAX);
  });

  it("has as many rows and bytes as the README says", () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    const rows = eraMinutes("1m");
    for (const [project, slots, sources, block, unit] of [
      ["small: 1 slot, 1 source", 1, 1, 0.3, "KB"],
      ["large: 64 slots, 8 sources", 64, 8, 5, "KB"],
      [`widest: ${SLOTS_MAX} slots, ${SPREAD_MAX.toLocaleString("en-US")} sources`, SLOTS_MAX, SPREAD_MAX, 1, "MiB"],
    ] as const) {
      const bytes = Number((rows * block).toPrecision(3));
      const partitions = (slots * sources).toLocaleString("en-US");
      expect(readme).toContain(`| ${project} | ${block} ${unit} | ${rows} | ${bytes} ${unit} | ${partitions} |`);
    }
  });

  it("belongs to one granularity: days of another UTC offset are partitions of their own", () => {
    expect(tierOf("1d+60")).toBe("1d");
    expect(tierOf("1d-300")).toBe("1d");
  });
});

describe("the list of an era's lanes", () => {
  it("stays below 10 MiB for the widest project that is allowed", () => {
    expect(SLOTS_MAX * SPREAD_MAX * LANE_BYTES).toBeLessThan(PARTITION_BYTES_MAX);
  });
});
