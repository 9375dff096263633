import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyDelta,
  Block,
  compile,
  type DeltaPart,
  type FamilyPlan,
  type FoldEvent,
  type Plan,
} from "../src/index.ts";
import { expectState } from "./expect-state.ts";
import { bucketsOf, oracleCells } from "./oracle.ts";
import { derivedFields, randomDefinitions, randomEvent } from "./random.ts";

/** A block with where it stands. */
type Stored = {
  readonly family: FamilyPlan;
  readonly granularity: string;
  readonly bucket: number;
  readonly slot: number;
  block: Block;
};

/** Says by random numbers, 0 or more, how events are arranged. */
type Choose = (limit: number) => number;

function chooser(numbers: readonly number[]): Choose {
  let i = 0;
  return (limit) => (numbers.length === 0 ? 0 : numbers[i++ % numbers.length]! % limit);
}

const keyOf = (part: DeltaPart) => `${part.family.id} ${part.granularity} ${part.bucket} ${part.slot}`;

/** The parts of one record, whose events stand in sections of one time of receipt each. */
function partsOfRecord(plan: Plan, events: readonly FoldEvent[], choose: Choose): Map<string, DeltaPart[]> {
  const parts = new Map<string, DeltaPart[]>();
  let rest = events;
  while (rest.length > 0) {
    const { receivedAtMs } = rest[0]!;
    const most = rest.findIndex((event) => event.receivedAtMs !== receivedAtMs);
    const size = 1 + choose(most < 0 ? rest.length : most);
    const delta = plan.newDelta(receivedAtMs);
    for (const event of rest.slice(0, size)) plan.fold(delta, event);
    rest = rest.slice(size);
    for (const part of plan.parts(delta)) parts.set(keyOf(part), [...(parts.get(keyOf(part)) ?? []), part]);
  }
  return parts;
}

/** Spreads events over sources and records as `choose` says, folds them, and merges the sources again. */
function foldArranged(plan: Plan, events: readonly FoldEvent[], sources: number, choose: Choose): Map<string, Stored> {
  const shares: FoldEvent[][] = Array.from({ length: sources }, () => []);
  for (const event of events) shares[choose(sources)]!.push(event);
  const merged = new Map<string, Stored>();
  for (const share of shares) {
    const blocks = new Map<string, Stored>();
    let offset = 0;
    for (let rest = share; rest.length > 0; ) {
      const size = 1 + choose(rest.length);
      for (const [key, parts] of partsOfRecord(plan, rest.slice(0, size), choose)) {
        const stored = blocks.get(key) ?? { ...parts[0]!, block: Block.empty(parts[0]!.family.schema) };
        blocks.set(key, stored);
        applyDelta(stored.block, parts, offset, 1_000 + choose(5));
        if (choose(3) === 0) stored.block = Block.decode(stored.family.schema, stored.block.encode());
      }
      rest = rest.slice(size);
      offset += 1 + choose(3);
    }
    for (const [key, stored] of blocks) merged.set(key, mergeInto(merged.get(key), stored, choose));
  }
  return merged;
}

/** Merges the cells of two blocks, either way around, into a new one. */
function mergeInto(into: Stored | undefined, from: Stored, choose: Choose): Stored {
  const block = Block.empty(from.family.schema);
  const both = into === undefined ? [from] : choose(2) === 0 ? [into, from] : [from, into];
  for (const { block: one } of both) {
    for (const [index, section] of one.sections.entries()) {
      for (const [tuple, cell] of section.entries()) block.merge(index, tuple, cell);
    }
  }
  return { ...from, block };
}

function bytesOf(blocks: ReadonlyMap<string, Stored>): Map<string, string> {
  return new Map([...blocks].sort().map(([key, { block }]) => [key, Buffer.from(block.encode()).toString("hex")]));
}

/** Fails unless the blocks hold the oracle's cells, all of them, and nothing else. */
function expectOracle(definitions: Definitions, events: readonly FoldEvent[], blocks: ReadonlyMap<string, Stored>) {
  const wanted = oracleCells(definitions, events);
  let cells = 0;
  for (const { family, granularity, bucket, block } of blocks.values()) {
    for (const [index, rollup] of family.rollups.entries()) {
      if (rollup.name === "accounting") continue;
      for (const [tuple, cell] of block.sections[index]!.entries()) {
        const seen = wanted.get(rollup.name)?.get(`${granularity} ${bucket}`)?.get(tuple);
        if (seen === undefined) throw new Error(`${rollup.name} ${granularity} ${bucket} has the cell ${tuple}`);
        for (const [i, state] of cell.entries()) expectState(state, seen[i]!);
        cells += 1;
      }
    }
  }
  let wantedCells = 0;
  for (const rollup of wanted.values()) for (const tuples of rollup.values()) wantedCells += tuples.size;
  expect(cells).toBe(wantedCells);
}

const numbers = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });

describe("folding, below the limit on tuples", () => {
  it("gives the same bytes in any order, any split into sections, records and sources, and any merge", () => {
    const events = fc.array(randomEvent, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(randomDefinitions(0), events, numbers, numbers, (definitions, events, one, two) => {
        const plan = compile(definitions, derivedFields);
        const expected = foldArranged(plan, events, 1, () => 0);
        expectOracle(definitions, events, expected);
        const inOrder = foldArranged(plan, events, 3, chooser(one));
        const choose = chooser(two);
        const shuffled = events.map((event) => ({ event, at: choose(1_000) })).sort((a, b) => a.at - b.at);
        const disordered = foldArranged(
          plan,
          shuffled.map(({ event }) => event),
          2,
          choose,
        );
        expect(cellsOnly(inOrder)).toEqual(cellsOnly(expected));
        expect(cellsOnly(disordered)).toEqual(cellsOnly(expected));
      }),
      { numRuns: 150 },
    );
  });

  it("counts every event once in the accounting, at the minute of its receipt", () => {
    const events = fc.array(randomEvent, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(randomDefinitions(0), events, numbers, (definitions, events, one) => {
        const plan = compile(definitions, derivedFields);
        const found = new Map<string, number>();
        for (const { family, granularity, bucket, block } of foldArranged(plan, events, 2, chooser(one)).values()) {
          const index = family.rollups.findIndex((rollup) => rollup.name === "accounting");
          if (index < 0) continue;
          for (const [tuple, [state]] of block.sections[index]!.entries()) {
            found.set(`${granularity} ${bucket} ${tuple}`, (state as unknown as { count: number }).count);
          }
        }
        const wanted = new Map<string, number>();
        for (const event of events) {
          const agents = event.keys.flatMap((key, i) => (key === "agent" ? [event.values[i]] : []));
          const outcome = agents.at(-1) === "bot" ? "bot" : "folded";
          for (const [granularity, bucket] of bucketsOf(event.receivedAtMs / 60_000, definitions.dayOffsetsMinutes)) {
            const key = `${granularity} ${bucket} ${outcome}`;
            wanted.set(key, (wanted.get(key) ?? 0) + 1);
          }
        }
        expect(found).toEqual(wanted);
      }),
      { numRuns: 50 },
    );
  });
});

/** The bytes of blocks whose positions were made alike: cells merged into empty blocks. */
function cellsOnly(blocks: ReadonlyMap<string, Stored>): Map<string, string> {
  const alike = new Map<string, Stored>();
  for (const [key, stored] of blocks) {
    const merged = mergeInto(undefined, stored, () => 0);
    merged.block.advance(0, 0);
    alike.set(key, merged);
  }
  return bytesOf(alike);
}
