import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Position } from "./cache.ts";
import { packPosition, samePosition, unpackPosition } from "./position.ts";

const position: fc.Arbitrary<Position> = fc.record({
  generation: fc.integer({ min: 1, max: 65_535 }),
  partition: fc.nat({ max: 65_535 }),
  offset: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.constant(2 ** 48 - 1)),
  index: fc.nat({ max: 65_535 }),
});

function pack(of: Position): Uint8Array {
  const out = new Uint8Array(14);
  packPosition(of, out, 1);
  expect([out[0], out[13]]).toEqual([0, 0]);
  return out.subarray(1, 13);
}

describe("a packed position", () => {
  it("gives back the position", () => {
    fc.assert(
      fc.property(position, (each) => {
        expect(unpackPosition(pack(each), 0)).toEqual(each);
      }),
    );
  });

  it("sorts as its numbers do", () => {
    const numbers = (p: Position) => [p.generation, p.partition, p.offset, p.index];
    fc.assert(
      fc.property(position, position, (a, b) => {
        const at = numbers(a).findIndex((number, i) => number !== numbers(b)[i]);
        const order = at < 0 ? 0 : Math.sign(numbers(a)[at]! - numbers(b)[at]!);
        expect(Buffer.compare(pack(a), pack(b))).toBe(order);
        expect(samePosition(pack(a), 0, pack(b), 0)).toBe(order === 0);
      }),
    );
  });

  it("has the bytes that the format says", () => {
    const bytes = pack({ generation: 1, partition: 2, offset: 0x010203040506, index: 7 });
    expect(Buffer.from(bytes).toString("hex")).toBe("000100020102030405060007");
    expect(unpackPosition(new Uint8Array(12), 0)).toBeUndefined();
  });
});
