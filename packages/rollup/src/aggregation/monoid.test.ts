import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { Failure } from "@millrace/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { kindFor } from "./kind-for.ts";
import type { State, StateKind } from "./state.ts";

const AGGREGATIONS = [
  Aggregation.COUNT,
  Aggregation.SUM,
  Aggregation.MIN,
  Aggregation.MAX,
  Aggregation.AVERAGE,
  Aggregation.UNIQUE,
  Aggregation.QUANTILES,
];
const KINDS = [
  ...AGGREGATIONS.map((aggregation) => kindFor(aggregation, { precision: 11 })),
  kindFor(Aggregation.UNIQUE, { precision: 14 }),
];

/** One input as every kind may take it. */
type Input = { readonly number: number; readonly word0: number; readonly word1: number };

const awkward = [0, -0, 1e15, -1e15, 1e16, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1 / 128, 2 ** 40, -(2 ** -20)];
const numbers = fc.oneof(
  fc.double(),
  fc.constantFrom(...awkward),
  fc.integer().map((n) => n / 100),
);
const inputs = fc.record({ number: numbers, word0: fc.nat(0xffffffff), word1: fc.nat(0xffffffff) });

/** Few inputs, or enough for unique counts to leave the exact set, sparsely or densely. */
const inputLists = fc.oneof(
  { weight: 4, arbitrary: fc.array(inputs, { maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(inputs, fc.integer({ min: 60, max: 3000 })).map(([from, count]) => many(from, count)),
  },
);

function many(from: Input, count: number): Input[] {
  return Array.from({ length: count }, (_, i) => ({
    number: from.number / 1.01 ** i,
    word0: Math.imul(from.word0 + i, 0x9e3779b1) >>> 0,
    word1: Math.imul(from.word1 ^ i, 0x85ebca6b) >>> 0,
  }));
}

function feed(kind: StateKind, state: State, input: Input): void {
  if (kind.input === "one") state.addOne();
  else if (kind.input === "number") state.addNumber(input.number);
  else state.addHash(input.word0, input.word1);
}

function stateOf(kind: StateKind, list: readonly Input[]): State {
  const state = kind.create();
  for (const input of list) feed(kind, state, input);
  return state;
}

function bytesOf(state: State): Uint8Array {
  const writer = new ByteWriter();
  state.write(writer);
  return writer.toBytes();
}

/** Merges the states of a list by a tree whose shape the cuts decide. */
function mergedByTree(kind: StateKind, list: readonly Input[], cuts: readonly number[], depth = 0): State {
  if (list.length < 2 || depth >= cuts.length) return stateOf(kind, list);
  const at = cuts[depth]! % (list.length + 1);
  const left = mergedByTree(kind, list.slice(0, at), cuts, depth + 1);
  const right = mergedByTree(kind, list.slice(at), cuts, depth + 1);
  const [into, from] = cuts[depth]! % 2 === 0 ? [left, right] : [right, left];
  // What was stored and read again must go on as if it never had been.
  const stored = cuts[depth]! % 3 === 0 ? kind.read(new ByteReader(bytesOf(from))) : from;
  const before = bytesOf(stored);
  into.merge(stored);
  expect(bytesOf(stored)).toEqual(before);
  return into;
}

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("a state of kind %s", (_, kind) => {
  it("is the same to the byte for any order and any tree of merges", () => {
    fc.assert(
      fc.property(inputLists, fc.array(fc.nat(), { maxLength: 5 }), fc.nat(), (list, cuts, turn) => {
        const expected = bytesOf(stateOf(kind, list));
        const turned = list.map((_, i) => list[(i + turn) % list.length]!).reverse();
        expect(bytesOf(mergedByTree(kind, turned, cuts))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("is not changed by merging the state that has seen nothing", () => {
    fc.assert(
      fc.property(inputLists, (list) => {
        const state = stateOf(kind, list);
        state.merge(kind.create());
        const fresh = kind.create();
        fresh.merge(state);
        expect(bytesOf(state)).toEqual(bytesOf(stateOf(kind, list)));
        expect(bytesOf(fresh)).toEqual(bytesOf(state));
      }),
      { numRuns: 30 },
    );
  });

  it("is read back as it was written, skipped to the same place, and within its maximum size", () => {
    fc.assert(
      fc.property(inputLists, (list) => {
        const state = stateOf(kind, list);
        const bytes = bytesOf(state);
        expect(bytes.length).toBeLessThanOrEqual(kind.maxBytes);
        const reader = new ByteReader(bytes);
        expect(bytesOf(kind.read(reader))).toEqual(bytes);
        reader.end();
        const skipper = new ByteReader(bytes);
        kind.skip(skipper);
        skipper.end();
        if (!kind.grows) expect(state.heldBytes).toBe(kind.create().heldBytes);
      }),
      { numRuns: 60 },
    );
  });

  it("is corrupt when damaged, or is another state in its one form", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(inputLists, damage, fc.nat(), (list, changes, cut) => {
        const whole = bytesOf(stateOf(kind, list));
        const bytes = cut % 3 === 0 ? whole.slice(0, cut % (whole.length + 1)) : whole;
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        const reader = new ByteReader(bytes);
        const read = readOrFailure(kind, reader);
        if (read instanceof Failure) expect(read.kind).toBe("corrupt");
        else expect(bytesOf(read)).toEqual(bytes.slice(0, reader.position));
        readOrFailure({ read: kind.skip }, new ByteReader(bytes));
      }),
      { numRuns: 150 },
    );
  });

  it("refuses what is not its input", () => {
    const state = kind.create();
    if (kind.input !== "one") expect(() => state.addOne()).toThrow(TypeError);
    if (kind.input !== "number") expect(() => state.addNumber(1)).toThrow(TypeError);
    if (kind.input !== "hash") expect(() => state.addHash(1, 1)).toThrow(TypeError);
  });
});

function readOrFailure<T>(kind: { read(reader: ByteReader): T }, reader: ByteReader): T | Failure {
  try {
    return kind.read(reader);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

describe("kindFor", () => {
  it("gives one instance for each aggregation and precision", () => {
    expect(new Set(KINDS.map((kind) => kind.name)).size).toBe(KINDS.length);
    for (const aggregation of AGGREGATIONS) {
      expect(kindFor(aggregation, { precision: 14 })).toBe(kindFor(aggregation, { precision: 14 }));
    }
  });

  it("refuses a metric without aggregation", () => {
    expect(() => kindFor(Aggregation.UNSPECIFIED, { precision: 11 })).toThrow("unknown aggregation");
  });
});
