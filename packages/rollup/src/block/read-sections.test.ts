import { describe, expect, it } from "vitest";
import { CountState, countKind } from "../aggregation/count.ts";
import { SumState, sumKind } from "../aggregation/sum.ts";
import { uniqueKinds } from "../aggregation/unique.ts";
import { Block } from "./block.ts";
import { readSections } from "./read-sections.ts";
import type { BlockSchema } from "./schema.ts";
import { TupleDirectory } from "./tuple-directory.ts";

const SCHEMA: BlockSchema = {
  rollups: [
    { number: 1, kinds: [uniqueKinds[14]], maxCells: 1 },
    { number: 2, kinds: [countKind, sumKind], maxCells: 3 },
    { number: 5, kinds: [countKind], maxCells: 3 },
  ],
};

function example(): Uint8Array {
  const block = Block.empty(SCHEMA);
  for (const [i, tuple] of ["c", "a", "b", "d", "e", "a"].entries()) {
    block.merge(1, tuple, [new CountState(10 ** i), new SumState(i * 500_000)]);
  }
  block.advance(41, 5);
  return block.encode();
}

describe("reading sections", () => {
  it("gives the wanted sections that have cells, and the block's position", () => {
    const { off, wts, sections } = readSections(SCHEMA, example(), [2, 5, 99]);
    expect([off, wts]).toEqual([41, 5000]);
    expect(sections.map((section) => [section.rollup.number, section.size, section.otherMerges])).toEqual([[2, 3, 2]]);
    expect(sections[0]!.other!.map(String)).toHaveLength(2);
    expect((sections[0]!.other![0] as CountState).count).toBe(11_000);
    expect(readSections(SCHEMA, example(), []).sections).toEqual([]);
  });

  it("numbers the tuples that it meets alike in every block", () => {
    const directory = new TupleDirectory(7);
    const rounds = [1, 2].map(() => {
      const cursor = readSections(SCHEMA, example(), [2]).sections[0]!;
      const seen: [number, string][] = [];
      for (let number = cursor.nextIn(directory); number >= 0; number = cursor.nextIn(directory)) {
        seen.push([number, (cursor.read() as [CountState, SumState])[1].toDecimalString()]);
      }
      return seen;
    });
    expect(rounds[0]).toEqual([
      [0, "3"],
      [1, "1"],
      [2, "0"],
    ]);
    expect(rounds[1]).toEqual(rounds[0]);
    expect(directory.texts).toEqual(["a", "b", "c"]);
  });

  it("goes through the cells by rising tuple", () => {
    const cursor = readSections(SCHEMA, example(), [2]).sections[0]!;
    const seen: [string, number, string][] = [];
    while (cursor.next()) {
      const [count, sum] = cursor.read() as [CountState, SumState];
      seen.push([cursor.tuple, count.count, sum.toDecimalString()]);
    }
    expect(seen).toEqual([
      ["a", 100_010, "3"],
      ["b", 100, "1"],
      ["c", 1, "0"],
    ]);
    expect(cursor.next()).toBe(false);
  });

  it("merges only the states that are asked for, and passes over cells that nobody takes", () => {
    const cursor = readSections(SCHEMA, example(), [2]).sections[0]!;
    const sum = sumKind.create();
    while (cursor.next()) if (cursor.tuple !== "b") cursor.mergeInto([undefined, sum]);
    expect(sum.toDecimalString()).toBe("3");
  });

  it("gives each cell once", () => {
    const cursor = readSections(SCHEMA, example(), [2]).sections[0]!;
    expect(() => cursor.read()).toThrow(TypeError);
    cursor.next();
    cursor.read();
    expect(() => cursor.mergeInto([])).toThrow(TypeError);
  });
});
