import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstOf } from "./first-of.ts";

describe("the first of some items", () => {
  it("are those that sorting all would put first, equal ones in their order", () => {
    const items = fc.array(fc.record({ key: fc.nat(9), id: fc.nat() }), { maxLength: 80 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 100 }), (list, count) => {
        const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
        expect(firstOf(list, count, compare)).toEqual(list.toSorted(compare).slice(0, count));
      }),
      { numRuns: 100 },
    );
  });
});
