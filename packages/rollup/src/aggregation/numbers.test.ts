import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { microsToText, toMicros } from "../decimal/micros.ts";
import { AverageState } from "./average.ts";
import { ExtremeState, maxKind, minKind } from "./extreme.ts";
import { SumState } from "./sum.ts";

const values = fc.array(
  fc.oneof(
    fc.double({ min: -2e15, max: 2e15 }),
    fc.integer().map((n) => n / 100),
  ),
);

/** The amounts in millionths of the values that are not left out. */
function amounts(list: readonly number[]): bigint[] {
  return list.flatMap((value) => {
    const micros = toMicros(value);
    return micros === undefined ? [] : [BigInt(micros)];
  });
}

function total(list: readonly number[]): bigint {
  return amounts(list).reduce((sum, amount) => sum + amount, 0n);
}

describe("a sum", () => {
  it("is the exact sum of the rounded values, whatever their size", () => {
    fc.assert(
      fc.property(values, (list) => {
        const state = new SumState();
        for (const value of list) state.addNumber(value);
        expect(state.toDecimalString()).toBe(microsToText(total(list)));
        expect(state.toNumber()).toBe(Number(state.toDecimalString()));
        expect(state.excluded).toBe(list.length - amounts(list).length);
      }),
    );
  });

  it("is right to the last digit beyond what a double can hold", () => {
    const state = new SumState();
    for (let i = 0; i < 1000; i++) state.addNumber(1e15);
    for (let i = 0; i < 1000; i++) state.addNumber(0.01);
    expect(state.toDecimalString()).toBe("1000000000000000010");
    for (let i = 0; i < 1000; i++) state.addNumber(-1e15);
    expect(state.toDecimalString()).toBe("10");
  });

  it("of cents has no trace of binary fractions", () => {
    const state = new SumState();
    for (const price of [0.1, 0.2, 0.7, -1]) state.addNumber(price);
    expect(state.toDecimalString()).toBe("0");
  });
});

describe("an average", () => {
  it("is the exact sum divided by the number of values", () => {
    fc.assert(
      fc.property(values, (list) => {
        const state = new AverageState();
        for (const value of list) state.addNumber(value);
        const count = amounts(list).length;
        expect(state.count).toBe(count);
        if (count === 0) {
          expect(state.toNumber()).toBeUndefined();
          return;
        }
        const expected = Number(total(list)) / 1e6 / count;
        expect(Math.abs(state.toNumber()! - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-14);
      }),
    );
  });

  it("is written half to even to the places asked for", () => {
    const state = new AverageState();
    expect(state.toDecimalString()).toBeUndefined();
    for (const value of [1, 0, 1]) state.addNumber(value);
    expect(state.toDecimalString()).toBe("0.666667");
    expect(state.toDecimalString(9)).toBe("0.666666667");
  });
});

describe("the least and the greatest value", () => {
  it("are those of the rounded values", () => {
    fc.assert(
      fc.property(values, (list) => {
        const least = minKind.create();
        const greatest = maxKind.create();
        for (const value of list) {
          least.addNumber(value);
          greatest.addNumber(value);
        }
        const sorted = amounts(list).sort((a, b) => (a < b ? -1 : 1));
        expect([least.micros, greatest.micros].map((micros) => micros?.toString())).toEqual(
          [sorted[0], sorted.at(-1)].map((micros) => micros?.toString()),
        );
        expect(least.excluded).toBe(list.length - sorted.length);
      }),
    );
  });

  it("of nothing are absent, and of zeros are zero", () => {
    expect(new ExtremeState("min").toDecimalString()).toBeUndefined();
    expect(new ExtremeState("max").toNumber()).toBeUndefined();
    const state = maxKind.create();
    state.addNumber(-0);
    expect(state.toDecimalString()).toBe("0");
  });
});
