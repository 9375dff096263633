import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantilesKind } from "./quantiles.ts";
import { MAX_KEY, MAX_MAGNITUDE, MIN_MAGNITUDE, sketchKey, sketchValue } from "./sketch-index.ts";

const magnitudes = fc
  .tuple(fc.integer({ min: -20, max: 39 }), fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }))
  .map(([exponent, mantissa]) => mantissa * 2 ** exponent);
const values = fc
  .tuple(magnitudes, fc.boolean())
  .map(([magnitude, isNegative]) => (isNegative ? -magnitude : magnitude));

describe("quantiles", () => {
  it("are within 1 % of the value of that rank, positive or negative", () => {
    const lists = fc.array(fc.oneof(values, fc.constant(0)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(lists, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const state = quantilesKind.create();
        for (const value of list) state.addNumber(value);
        const exact = list.sort((a, b) => a - b)[Math.floor(q * (list.length - 1))]!;
        expect(Math.abs(state.quantile(q)! - exact)).toBeLessThanOrEqual(Math.abs(exact) * state.relativeError);
      }),
      { numRuns: 500 },
    );
  });

  it("of nothing are absent; what is not finite is left out and counted", () => {
    const state = quantilesKind.create();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) state.addNumber(value);
    expect(state.quantile(0.5)).toBeUndefined();
    expect([state.count, state.excluded]).toEqual([0, 3]);
  });
});

describe("the buckets of quantiles", () => {
  it("hold only values within 1 % of the one that stands for them", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(Math.abs(sketchValue(sketchKey(value)) / value - 1)).toBeLessThanOrEqual(0.01);
      }),
      { numRuns: 5000 },
    );
  });

  it("are in the order of their values, without a gap in an octave's border", () => {
    for (let exponent = -20; exponent < 40; exponent++) {
      const border = 2 ** exponent;
      expect(sketchKey(border)).toBe((exponent + 20) * 35 + 1);
      expect(sketchKey(border * (2 - 2 ** -52))).toBe((exponent + 21) * 35);
    }
    for (let key = -MAX_KEY; key < MAX_KEY; key++) {
      expect(sketchValue(key)).toBeLessThan(sketchValue(key + 1));
      expect(sketchKey(sketchValue(key))).toBe(key);
    }
  });

  it("take the very small as zero and the very large as the largest", () => {
    const below = MIN_MAGNITUDE * (1 - 2 ** -53);
    expect([0, -0, below, -below, 5e-324].map((value) => sketchKey(value) === 0)).toEqual(Array(5).fill(true));
    expect(sketchKey(MAX_MAGNITUDE)).toBe(MAX_KEY);
    expect(sketchKey(-Number.MAX_VALUE)).toBe(-MAX_KEY);
  });
});
