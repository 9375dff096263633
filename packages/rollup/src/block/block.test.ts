import { crc32 } from "node:zlib";
import { Failure } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CountState, countKind } from "../aggregation/count.ts";
import { quantilesKind } from "../aggregation/quantiles.ts";
import { sumKind } from "../aggregation/sum.ts";
import { uniqueKinds } from "../aggregation/unique.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { Block } from "./block.ts";
import { writeChecksum, writeHeader } from "./layout.ts";
import { readSections } from "./read-sections.ts";
import { type BlockSchema, type Cell, emptyCell } from "./schema.ts";

const SCHEMA: BlockSchema = {
  rollups: [
    { number: 0, kinds: [countKind], maxCells: 4 },
    { number: 3, kinds: [countKind, sumKind], maxCells: 3 },
    { number: 200, kinds: [uniqueKinds[11], quantilesKind], maxCells: 2 },
  ],
};

/** What is merged for one record: where, and how much of it. */
type Step = { readonly rollup: number; readonly tuple: string; readonly amount: number };

const tuples = fc.constantFrom("", "a", "b", "é", "\u{1f600}", "\uffff", "a\u0000b", "long/".repeat(30));
const steps = fc.record({ rollup: fc.nat(2), tuple: tuples, amount: fc.integer({ min: 1, max: 90 }) });
const records = fc.array(fc.array(steps, { maxLength: 6 }), { maxLength: 8 });

function cellOf(step: Step): Cell {
  const rollup = SCHEMA.rollups[step.rollup]!;
  const cell = emptyCell(rollup);
  for (let i = 0; i < step.amount; i++) {
    rollup.kinds.forEach((kind, index) => {
      if (kind.input === "one") cell[index]!.addOne();
      else if (kind.input === "number") cell[index]!.addNumber(i / 4);
      else cell[index]!.addHash(Math.imul(i, 0x9e3779b1), i);
    });
  }
  return cell;
}

function fold(block: Block, record: readonly Step[], offset: number): void {
  for (const step of record) block.merge(step.rollup, step.tuple, cellOf(step));
  block.advance(offset, 1000 + offset);
}

function blockOf(list: readonly (readonly Step[])[]): Block {
  const block = Block.empty(SCHEMA);
  list.forEach((record, offset) => {
    fold(block, record, offset);
  });
  return block;
}

/** What a section must hold, by maps and counts of the first metric alone. */
function modelOf(list: readonly (readonly Step[])[], rollup: number) {
  const cells = new Map<string, number>();
  let other = 0;
  let otherMerges = 0;
  for (const step of list.flat().filter((candidate) => candidate.rollup === rollup)) {
    if (cells.has(step.tuple) || cells.size < SCHEMA.rollups[rollup]!.maxCells) {
      cells.set(step.tuple, (cells.get(step.tuple) ?? 0) + step.amount);
    } else {
      other += step.amount;
      otherMerges += 1;
    }
  }
  return { cells, other, otherMerges };
}

describe("a block", () => {
  it("keeps the first tuples up to the limit, and puts what comes after into (other)", () => {
    fc.assert(
      fc.property(records, (list) => {
        const block = blockOf(list);
        for (const rollup of [0, 1]) {
          const { cells, other, otherMerges } = modelOf(list, rollup);
          const section = block.sections[rollup]!;
          const held = [...section.entries()].map(([tuple, cell]) => [tuple, (cell[0] as CountState).count]);
          expect(held).toEqual([...cells].sort(([a], [b]) => (a < b ? -1 : 1)));
          expect((section.other?.[0] as CountState | undefined)?.count ?? 0).toBe(other);
          expect(section.otherMerges).toBe(otherMerges);
          for (const tuple of cells.keys()) expect(section.get(tuple)).toBeDefined();
        }
      }),
    );
  });

  it("says of each merge whether its tuple has a cell of its own", () => {
    const block = Block.empty({ rollups: [{ number: 1, kinds: [countKind], maxCells: 1 }] });
    expect(block.merge(0, "a", [new CountState(1)])).toBe(true);
    expect(block.merge(0, "b", [new CountState(1)])).toBe(false);
    expect(block.merge(0, "a", [new CountState(1)])).toBe(true);
  });

  it("does not keep the cells that are merged into it", () => {
    const block = Block.empty(SCHEMA);
    const cell = [new CountState(1)];
    block.merge(0, "a", cell);
    cell[0]!.addOne();
    expect(block.sections[0]!.get("a")).toEqual([new CountState(1)]);
  });

  it("is read back as it was written, and goes on as if it never had been stored", () => {
    fc.assert(
      fc.property(records, fc.nat(8), (list, cut) => {
        const whole = blockOf(list);
        const bytes = whole.encode();
        expect(Block.decode(SCHEMA, bytes).encode()).toEqual(bytes);
        let block = Block.empty(SCHEMA);
        list.forEach((record, offset) => {
          if (offset === cut) block = Block.decode(SCHEMA, block.encode());
          fold(block, record, offset);
        });
        expect(block.encode()).toEqual(bytes);
        expect([block.off, block.wts]).toEqual([whole.off, whole.wts]);
      }),
    );
  });

  it("is the same bytes in whatever order its cells came, below the limit", () => {
    fc.assert(
      fc.property(fc.uniqueArray(tuples, { maxLength: 4 }), (list) => {
        const forwards = Block.empty(SCHEMA);
        const backwards = Block.empty(SCHEMA);
        for (const tuple of list) forwards.merge(0, tuple, [new CountState(tuple.length)]);
        for (const tuple of list.reverse()) backwards.merge(0, tuple, [new CountState(tuple.length)]);
        expect(backwards.encode()).toEqual(forwards.encode());
      }),
    );
  });

  it("moves its write time with the record's append time, and always forwards", () => {
    const block = Block.empty(SCHEMA);
    expect([block.off, block.wts]).toEqual([-1, 0]);
    block.advance(0, 1000);
    expect(block.wts).toBe(1_000_000);
    block.advance(7, 900);
    expect([block.off, block.wts]).toEqual([7, 1_000_001]);
    expect(() => block.advance(7, 2000)).toThrow(Failure);
  });

  it("takes text that UTF-8 cannot carry for the text it would be read as", () => {
    const block = Block.empty(SCHEMA);
    for (const tuple of ["x\ud800", "x\udfff", "x\ufffd"]) block.merge(0, tuple, [new CountState(1)]);
    expect([...block.sections[0]!.entries()]).toEqual([["x\ufffd", [new CountState(3)]]]);
    expect(Block.decode(SCHEMA, block.encode()).encode()).toEqual(block.encode());
  });

  it("knows roughly how much memory it holds, stored between or not", () => {
    fc.assert(
      fc.property(records, (list) => {
        const block = blockOf(list);
        const again = Block.decode(SCHEMA, block.encode());
        expect(again.approximateBytes / block.approximateBytes).toBeGreaterThan(0.5);
        expect(again.approximateBytes / block.approximateBytes).toBeLessThan(2);
        expect(block.approximateBytes).toBeGreaterThan(block.encode().length);
      }),
    );
  });

  it("refuses a schema whose rollups are out of order", () => {
    expect(() => Block.empty({ rollups: [...SCHEMA.rollups].reverse() })).toThrow("out of order");
  });
});

describe("the touched cells of a block", () => {
  it("laid over the block that they were taken from give the block that they were taken at", () => {
    fc.assert(
      fc.property(records, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (list, takes) => {
        const block = Block.empty(SCHEMA);
        const copy = Block.empty(SCHEMA);
        list.forEach((record, offset) => {
          fold(block, record, offset);
          if (!takes[offset]) return;
          const partial = block.takeTouched()!;
          expect(partial.previousOff).toBe(copy.off);
          expect(copy.overlay(partial.bytes)).toBe("applied");
          expect(copy.encode()).toEqual(block.encode());
          expect([partial.off, partial.wts]).toEqual([copy.off, copy.wts]);
        });
      }),
    );
  });

  it("are only those that changed, and nothing when no record came", () => {
    const block = blockOf([[{ rollup: 0, tuple: "a".repeat(150), amount: 1 }]]);
    expect(block.takeTouched()!.bytes.length).toBeGreaterThan(150);
    expect(block.takeTouched()).toBeUndefined();
    fold(block, [{ rollup: 0, tuple: "b", amount: 1 }], 1);
    expect(block.takeTouched()!.bytes.length).toBeLessThan(40);
  });

  it("change nothing where they are not next", () => {
    const block = Block.empty(SCHEMA);
    const copy = Block.empty(SCHEMA);
    const partials = [0, 1, 2].map((offset) => {
      fold(block, [{ rollup: 0, tuple: "a", amount: 1 }], offset);
      return block.takeTouched()!.bytes;
    });
    expect(copy.overlay(partials[1]!)).toBe("gap");
    expect(copy.encode()).toEqual(Block.empty(SCHEMA).encode());
    expect(copy.overlay(partials[0]!)).toBe("applied");
    expect(copy.overlay(partials[1]!)).toBe("applied");
    expect(copy.overlay(partials[0]!)).toBe("older");
    expect(copy.off).toBe(1);
  });

  it("never stand where a block should, nor a block where they should", () => {
    const block = blockOf([[{ rollup: 0, tuple: "a", amount: 1 }]]);
    const whole = block.encode();
    const { bytes } = block.takeTouched()!;
    expect(() => Block.decode(SCHEMA, bytes)).toThrow("a partial block stands where a whole one should");
    expect(() => readSections(SCHEMA, bytes, [0])).toThrow("a partial block stands where a whole one should");
    expect(() => Block.empty(SCHEMA).overlay(whole)).toThrow("a whole block stands where a partial one should");
  });
});

describe("damaged blocks", () => {
  it("are corrupt, wherever and however they are damaged", () => {
    const damage = fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.option(fc.nat()) });
    fc.assert(
      fc.property(records, damage, (list, { at, bit, cut }) => {
        const whole = blockOf(list).encode();
        const bytes = cut === null ? whole : whole.slice(0, cut % whole.length);
        if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << bit;
        const failure = failureOf(() => Block.decode(SCHEMA, bytes));
        expect(failure?.kind).toBe("corrupt");
      }),
      { numRuns: 500 },
    );
  });

  it("are corrupt when the damage was there before the checksum, or are another block in its one form", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(records, damage, (list, changes) => {
        const bytes = blockOf(list).encode();
        for (const [at, value] of changes) bytes[at % (bytes.length - 4)] = value;
        new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
        const failure = failureOf(() => expect(Block.decode(SCHEMA, bytes).encode()).toEqual(bytes));
        const cursorFailure = failureOf(() => {
          for (const section of readSections(SCHEMA, bytes, [0, 3, 200]).sections)
            while (section.next()) section.read();
        });
        for (const found of [failure, cursorFailure]) expect(found?.kind ?? "corrupt").toBe("corrupt");
        expect(cursorFailure === undefined).toBe(failure === undefined);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    { name: "a tuple twice", cells: ["a", "a"], wrong: "out of order" },
    { name: "tuples in the wrong order", cells: ["b", "a"], wrong: "out of order" },
    { name: "more cells than they may", cells: ["a", "b", "c", "d", "e"], wrong: "more cells than it may" },
    { name: "a section without cells", cells: [], wrong: "without cells" },
  ])("are corrupt when they hold $name", ({ cells, wrong }) => {
    const bytes = handWritten({ off: 5, wts: 1 }, cells);
    expect(() => Block.decode(SCHEMA, bytes)).toThrow(wrong);
    expect(() => {
      const cursor = readSections(SCHEMA, bytes, [0]).sections[0]!;
      while (cursor.next()) cursor.read();
    }).toThrow(wrong);
  });

  it("are corrupt when a partial one ends before it starts, or has more tuples than there is room for", () => {
    const block = Block.decode(SCHEMA, handWritten({ off: 5, wts: 1 }, ["a", "b", "c", "d"]));
    const backwards = handWritten({ off: 5, wts: 2, previousOff: 5 }, ["a"]);
    expect(() => block.overlay(backwards)).toThrow("ends before it starts");
    const tooMany = handWritten({ off: 6, wts: 2, previousOff: 5 }, ["e"]);
    expect(() => block.overlay(tooMany)).toThrow("more cells than it may");
  });

  it("are corrupt as other data are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(failureOf(() => Block.decode(SCHEMA, bytes))?.kind).toBe("corrupt");
        expect(failureOf(() => Block.empty(SCHEMA).overlay(bytes))?.kind).toBe("corrupt");
      }),
    );
  });

  it("are corrupt when they hold a rollup that their family has not", () => {
    const bytes = blockOf([[{ rollup: 1, tuple: "a", amount: 1 }]]).encode();
    const without = { rollups: SCHEMA.rollups.filter((rollup) => rollup.number !== 3) };
    expect(() => Block.decode(without, bytes)).toThrow("unknown or misplaced rollup 3");
  });
});

/** A block with cells of count 1 in the first rollup, whether or not they may be so. */
function handWritten(
  position: { off: number; wts: number; previousOff?: number },
  cells: readonly string[],
): Uint8Array {
  const section = new ByteWriter();
  section.varint(0);
  for (const tuple of cells) {
    section.text(tuple);
    section.varint(1);
  }
  const writer = new ByteWriter();
  writeHeader(writer, position, [{ number: 0, cells: cells.length, bytes: section.length }]);
  writer.raw(section.view());
  writeChecksum(writer);
  return writer.toBytes();
}

function failureOf(action: () => unknown): Failure | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return undefined;
}
