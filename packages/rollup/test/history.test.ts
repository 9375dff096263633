import { describe, expect, it } from "vitest";
import type { CountState } from "../src/aggregation/count.ts";
import { applyDelta, Block, compile, type FamilyPlan, NO_DERIVED_FIELDS, slotOf } from "../src/index.ts";
import {
  type Breach,
  crampedDefinitions,
  foldOnce,
  type HistoryRecord,
  partsOf,
  randomLog,
  randomOf,
  runHistory,
} from "./history.ts";
import { bucketsOf } from "./oracle.ts";

const HISTORIES = 120;

function failures(breach?: Breach): string[] {
  const found: string[] = [];
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const wrong = runHistory(seed, breach);
    if (wrong !== undefined) found.push(wrong);
    if (breach !== undefined && found.length > 0) break;
  }
  return found;
}

describe("a history of crashes, zombies, evictions and late writes", () => {
  it("leaves exactly the bytes that one fold of the log gives, above the limit on tuples too", () => {
    expect(failures()).toEqual([]);
  });

  const breaches: Breach[] = [
    "folds a record again that the block has seen",
    "folds a record's sections one by one",
    "takes the write time from a clock",
    "commits before blocks are durable",
    "starts evicted blocks from nothing",
    "applies a later record before one that waits",
  ];
  it.each(breaches)("is noticed to go wrong when the fold %s", (breach) => {
    expect(failures(breach)).not.toEqual([]);
  });
});

describe("a log folded again from any earlier offset", () => {
  it("leaves every block as it was (P2)", () => {
    const plan = compile(crampedDefinitions(), NO_DERIVED_FIELDS);
    for (let seed = 1; seed <= 10; seed++) {
      const random = randomOf(seed);
      const log = randomLog(random, 20);
      const blocks = new Map<string, Block>();
      const fold = (record: HistoryRecord) => {
        for (const [key, parts] of partsOf(plan, record)) {
          const block = blocks.get(key) ?? Block.empty(parts[0]!.family.schema);
          blocks.set(key, block);
          applyDelta(block, parts, record.offset, record.appendTimeMs);
        }
      };
      for (const record of log) {
        fold(record);
        for (const again of log.slice(Math.floor(random() * (record.offset + 1)), record.offset + 1)) fold(again);
      }
      const bytes = [...blocks].sort().map(([key, block]) => [key, Buffer.from(block.encode()).toString("hex")]);
      expect(bytes).toEqual([...foldOnce(plan, log)]);
    }
  });
});

describe("a block above the limit on tuples", () => {
  it("keeps the tuples that came first in the log, and counts the others together", () => {
    const definitions = crampedDefinitions();
    const plan = compile(definitions, NO_DERIVED_FIELDS);
    const families = new Map<string, FamilyPlan>(plan.families.map((family) => [family.id, family]));
    for (let seed = 1; seed <= 20; seed++) {
      const log = randomLog(randomOf(seed), 30);
      const wanted = keptFirst(log);
      let compared = 0;
      for (const [key, bytes] of foldOnce(plan, log)) {
        const family = families.get(key.split(" ")[0]!)!;
        const block = Block.decode(family.schema, Buffer.from(bytes, "hex"));
        for (const [index, rollup] of family.rollups.entries()) {
          if (rollup.name === "accounting") continue;
          const section = block.sections[index]!;
          const found = new Map([...section.entries()].map(([tuple, cell]) => [tuple, (cell[0] as CountState).count]));
          if (section.other) found.set("(other)", (section.other[0] as CountState).count);
          const cells = wanted.get(`${rollup.name} ${key.slice(key.indexOf(" ") + 1)}`);
          expect(found).toEqual(cells ?? new Map());
          compared += found.size;
        }
      }
      expect(compared).toBe([...wanted.values()].reduce((sum, cells) => sum + cells.size, 0));
    }
  });
});

/** How many events each tuple of the cramped rollups has, by rollup, granularity, bucket and slot, the naive way. */
function keptFirst(log: readonly HistoryRecord[]): Map<string, Map<string, number>> {
  const rollups = [
    { name: "few", slots: 1, maxTuples: 2, read: (event: { name: string }) => event.name },
    {
      name: "spread",
      slots: 16,
      maxTuples: 1,
      read: (event: { values: readonly unknown[] }) => String(event.values[1]),
    },
  ];
  const blocks = new Map<string, Map<string, number>>();
  for (const section of log.flatMap((record) => record.sections)) {
    // In a section tuples come by minute, then as they appear.
    for (const event of section.toSorted((a, b) => a.timeMs - b.timeMs)) {
      for (const { name, slots, maxTuples, read } of rollups) {
        const tuple = read(event);
        for (const [granularity, bucket] of bucketsOf(event.timeMs / 60_000, [0])) {
          const key = `${name} ${granularity} ${bucket} ${slotOf(tuple, slots)}`;
          const cells = blocks.get(key) ?? new Map<string, number>();
          blocks.set(key, cells);
          const kept = [...cells.keys()].filter((each) => each !== "(other)").length;
          const place = cells.has(tuple) || kept < maxTuples ? tuple : "(other)";
          cells.set(place, (cells.get(place) ?? 0) + 1);
        }
      }
    }
  }
  return blocks;
}
