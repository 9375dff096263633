import { hashWords, murmur3Text } from "@millrace/hash";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { type Precision, type UniqueState, uniqueKinds } from "./unique.ts";

/** The state of `count` different texts, each added twice. */
function stateOf(precision: Precision, count: number, prefix = "user-"): UniqueState {
  const state = uniqueKinds[precision].create();
  for (let i = 0; i < count * 2; i++) {
    murmur3Text(`${prefix}${i % count}`, 0);
    state.addHash(hashWords[0]!, hashWords[1]!);
  }
  return state;
}

describe.each([
  { precision: 11, exact: 64 },
  { precision: 14, exact: 256 },
] as const)("a unique count of precision $precision", ({ precision, exact }) => {
  it("is exact while there are few", () => {
    for (const count of [0, 1, 2, exact - 1, exact]) {
      const state = stateOf(precision, count);
      expect(state.estimate()).toBe(count);
      expect(state.isExact).toBe(true);
      expect(state.relativeError).toBe(0);
    }
    expect(stateOf(precision, exact + 1).isExact).toBe(false);
  });

  it("is within its error bounds from few to many", () => {
    const error = 1.04 / Math.sqrt(2 ** precision);
    for (const count of [exact + 1, 3 * exact, 1000, 3000, 10_000, 100_000]) {
      const errors = Array.from(
        { length: 10 },
        (_, run) => stateOf(precision, count, `${run}/`).estimate() / count - 1,
      );
      const meanSquare = errors.reduce((sum, relative) => sum + relative ** 2, 0) / errors.length;
      // The standard deviation of a mean square of ten is 45 %: this is four of them.
      expect(Math.sqrt(meanSquare)).toBeLessThan(error * Math.sqrt(1 + 4 * 0.45));
      const mean = errors.reduce((sum, relative) => sum + relative, 0) / errors.length;
      expect(Math.abs(mean)).toBeLessThan((4 * error) / Math.sqrt(errors.length));
    }
    expect(stateOf(precision, 1000).relativeError).toBe(error);
  });

  it("is corrupt when its registers are written in the longer of the two forms", () => {
    const dense = new ByteWriter();
    dense.byte(1);
    dense.raw(Uint8Array.of(1));
    dense.raw(new Uint8Array((2 ** precision * 6) / 8 - 1));
    expect(() => uniqueKinds[precision].read(new ByteReader(dense.toBytes()))).toThrow("densely that are sparse");
    const sparse = new ByteWriter();
    sparse.varint(2 ** precision * 2 + 1);
    for (let i = 0; i < 2 ** precision; i++) sparse.varint(1);
    expect(() => uniqueKinds[precision].read(new ByteReader(sparse.toBytes()))).toThrow("sparsely that are not sparse");
  });

  it("of two overlapping sets is that of their union", () => {
    for (const count of [20, exact - 10, 5 * exact, 5000]) {
      const union = stateOf(precision, count);
      const half = stateOf(precision, Math.ceil(count / 2));
      half.merge(union);
      expect(half.estimate()).toBe(union.estimate());
    }
  });
});
