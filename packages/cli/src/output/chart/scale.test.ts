import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { abbreviated, scaleOf } from "./scale.ts";

describe("an axis", () => {
  it.each([
    [[3, 7, 12], 4, { from: 0, to: 15, step: 5 }],
    [[0.2, 0.9], 5, { from: 0, to: 1, step: 0.2 }],
    [[-30, 80], 4, { from: -50, to: 100, step: 50 }],
    [[], 4, { from: 0, to: 1, step: 1 }],
  ])("of %j in %d steps", (values, steps, expected) => {
    expect(scaleOf(values, steps, values.length === 0)).toEqual(expected);
  });

  it("holds every value, in no more steps than asked for", () => {
    const numbers = fc.double({ min: -1e12, max: 1e12, noNaN: true }).map((value) => Math.round(value * 1e3) / 1e3);
    const cases = fc.tuple(fc.array(numbers, { maxLength: 20 }), fc.integer({ min: 2, max: 8 }));
    fc.assert(
      fc.property(cases, ([values, steps]) => {
        const { from, to, step } = scaleOf(values, steps, false);
        for (const value of values) expect(value >= from - step * 1e-6 && value <= to + step * 1e-6).toBe(true);
        expect(Math.round((to - from) / step)).toBeLessThanOrEqual(steps);
      }),
    );
  });
});

it.each([
  [0, "0"],
  [950, "950"],
  [1_234, "1.23k"],
  [999_999, "1M"],
  [12_500_000, "12.5M"],
  [-4_000, "-4k"],
  [0.0312, "0.0312"],
  [0.00001, "1e-5"],
  [3e20, "3e+20"],
])("%d is written %s beside an axis", (value, text) => {
  expect(abbreviated(value)).toBe(text);
});
