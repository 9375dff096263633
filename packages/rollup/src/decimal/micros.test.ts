import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addMicros, microsToNumber, microsToText, quotientText, toMicros } from "./micros.ts";

/** Half-even rounding of a double's exact value to 6 places, slowly: doubles the value until it is whole. */
function oracle(value: number): bigint {
  let whole = Math.abs(value);
  let denominator = 1n;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    denominator *= 2n;
  }
  const numerator = BigInt(whole) * 1_000_000n;
  const floor = numerator / denominator;
  const twice = 2n * (numerator - floor * denominator);
  const up = twice > denominator || (twice === denominator && floor % 2n === 1n);
  const rounded = up ? floor + 1n : floor;
  return value < 0 ? -rounded : rounded;
}

function check(value: number): void {
  const micros = toMicros(value);
  expect(micros, `${value}`).toBeDefined();
  expect(BigInt(micros!), `${value}`).toBe(oracle(value));
  expect(Object.is(micros, -0)).toBe(false);
  expect(typeof micros).toBe(Number.isSafeInteger(Number(micros)) ? "number" : "bigint");
}

/** The double that is `steps` representable doubles away. */
function neighbour(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps));
  return view.getFloat64(0);
}

describe("fixed point", () => {
  it("rounds a double's exact value half to even to 6 places", () => {
    fc.assert(fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), check), { numRuns: 3000 });
    fc.assert(fc.property(fc.double({ min: -100, max: 100, noNaN: true }), check), { numRuns: 1000 });
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 0, max: 9 }), (n, places) => check(n / 10 ** places)));
  });

  it("rounds ties, and their closest neighbours, to the right side", () => {
    // An odd multiple of 1/128 is an odd multiple of 7812.5 millionths.
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 46), max: 2 ** 46 }), fc.integer({ min: -3, max: 3 }), (n, steps) => {
        check(neighbour((2 * n + 1) / 128, steps));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: -3, max: 3 }), (n, steps) => {
        check(neighbour((n + 0.5) / 1e6, steps));
      }),
      { numRuns: 2000 },
    );
    expect([toMicros(1 / 128), toMicros(3 / 128), toMicros(-1 / 128)]).toEqual([7812, 23438, -7812]);
  });

  it("takes zeros, the least doubles and the greatest amounts", () => {
    for (const value of [0, -0, 5e-324, -5e-324, 2.2e-308, 5e-7, -5e-7, 4.9999999999999e-7, 1e15, -1e15]) check(value);
    for (const value of [neighbour(1e15, -1), 999999999999999.9, 9007199254.74099, neighbour(9007199254.74099, 1)])
      check(value);
    expect(toMicros(1e15)).toBe(10n ** 21n);
  });

  it("leaves out what is not finite or beyond 10^15", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, neighbour(1e15, 1), -1e16];
    for (const value of values) expect(toMicros(value)).toBeUndefined();
  });

  it("is written in decimal without trailing zeros", () => {
    const texts = [0, 1, -1, 12_500_000, -100_000, 10n ** 21n + 1n].map(microsToText);
    expect(texts).toEqual(["0", "0.000001", "-0.000001", "12.5", "-0.1", "1000000000000000.000001"]);
  });

  it("becomes the nearest double", () => {
    const amounts = fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }).map((big) => addMicros(big, 0));
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), amounts), (micros) => {
        expect(microsToNumber(micros)).toBe(Number(microsToText(micros)));
      }),
    );
  });

  it("divides half to even", () => {
    expect(quotientText(1_000_000, 3, 6)).toBe("0.333333");
    expect(quotientText(2_000_000, 3, 12)).toBe("0.666666666667");
    expect(quotientText(1, 2, 6)).toBe("0");
    expect(quotientText(-3, 2, 6)).toBe("-0.000002");
  });
});
