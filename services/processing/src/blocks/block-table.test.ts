import { enrichment } from "@millrace/enrichment";
import { Block, compile, type DeltaPart } from "@millrace/rollup";
import { expect, it } from "vitest";
import { emptyEvent } from "../decode/event-decoder.ts";
import { PROCESSING_VERSION } from "../fold/plans.ts";
import { definitionsOf, WEB } from "../test-bed.ts";
import { BlockTable } from "./block-table.ts";
import { MemoryBudget } from "./memory-budget.ts";

const NOW = Date.UTC(2026, 5, 1);
const plan = compile(definitionsOf("site", WEB), enrichment(PROCESSING_VERSION).fields);

/** What a record with one event adds to the blocks of the finest tier. */
function minuteParts(minute = 0): DeltaPart[] {
  const delta = plan.newDelta(NOW);
  plan.fold(delta, { ...emptyEvent(), name: "page_view", eventId: "a", timeMs: NOW + minute * 60_000 });
  return plan.parts(delta).filter(({ granularity }) => granularity === "1m");
}

function tableOf(limitBytes: number) {
  const budget = new MemoryBudget(limitBytes);
  return { budget, table: new BlockTable("1:0", new Map(), budget) };
}

it("never forgets a block that has changed since a flush took it (P5)", () => {
  const { table } = tableOf(1);
  table.add("site", 0, NOW, minuteParts());
  const [flushed] = table.takeDirty("1m");
  table.add("site", 1, NOW, minuteParts());
  table.stored([flushed!]);
  table.evict();
  table.add("site", 2, NOW, minuteParts());
  const again = table.takeDirty("1m");
  expect(again).toEqual([flushed]);
  const { blob } = again[0]!.encode();
  expect(Block.decode(again[0]!.family.schema, blob).off).toBe(2);
});

it("forgets clean blocks beyond the budget, and reads one again that was forgotten (P5)", () => {
  const { table, budget } = tableOf(1);
  table.add("site", 0, NOW, minuteParts());
  const [first] = table.takeDirty("1m");
  first!.encode();
  table.stored([first!]);
  expect(budget.exceeded).toBe(true);
  table.evict();
  expect(budget.usedBytes).toBe(0);
  table.add("site", 1, NOW, minuteParts());
  const [second] = table.takeDirty("1m");
  expect(second).not.toBe(first);
  expect(second!.resident).toBe(false);
  second!.load(first!.encode().blob);
  expect(second!.encode().wts).toBeGreaterThan(first!.encode().wts);
});

it("counts what records hold that wait for a block", () => {
  const { table, budget } = tableOf(2 ** 30);
  const stored = new Map([["1m", NOW / 60_000 + 10]]);
  const waiting = new BlockTable("1:0", stored, budget);
  waiting.add("site", 0, NOW, minuteParts());
  const cells = minuteParts().flatMap((part) => part.cells.flatMap((minute) => minute.map(({ size }) => size)));
  expect(budget.usedBytes).toBeGreaterThan(cells.reduce((a, b) => a + b, 0) * 100);
  waiting.clear();
  expect(budget.usedBytes).toBe(0);
  expect(table.dirtyCount("1m")).toBe(0);
});

it("holds no memory once its partition is gone, whatever flush comes back", () => {
  const { table, budget } = tableOf(2 ** 30);
  table.add("site", 0, NOW, minuteParts());
  const flushed = table.takeDirty("1m");
  table.clear();
  table.stored(flushed);
  table.evict();
  expect(budget.usedBytes).toBe(0);
});
