import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claims } from "../contract/claims-harness.ts";
import { packPosition } from "../position.ts";
import { packCalls, packShortPosition, TAGS, unpackShortPosition } from "./claim-packing.ts";

const POSITION = fc.record({
  generation: fc.integer({ min: 1, max: 65_535 }),
  partition: fc.integer({ min: 0, max: 65_535 }),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  index: fc.integer({ min: 0, max: 65_535 }),
});
const BATCH = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 60 }).map(String),
    slot: fc.integer({ min: -2, max: 3 }),
    offset: fc.nat(),
  }),
  { maxLength: 100 },
);

describe("the short form of positions", () => {
  it("gives each position back, in at most 16 bytes", () => {
    fc.assert(
      fc.property(POSITION, (position) => {
        const packed = new Uint8Array(12);
        const short = new Uint8Array(32);
        const back = new Uint8Array(12);
        packPosition(position, packed, 0);
        const end = packShortPosition(packed, 0, short, 3);
        expect(end - 3).toBeLessThanOrEqual(16);
        unpackShortPosition(short.subarray(3, end), back, 0);
        expect(back).toEqual(packed);
      }),
    );
  });
});

describe("packCalls", () => {
  it("packs each claim once, those of an id in their order, at most so many in a call", () => {
    fc.assert(
      fc.property(BATCH, fc.integer({ min: 1, max: 20 }), fc.boolean(), (list, maxClaims, cluster) => {
        const calls = packCalls(claims(list), maxClaims, cluster && { everyTag: false });
        const places = calls.flatMap((call) => call.indexes);
        expect(places.toSorted((a, b) => a - b)).toEqual(list.map((_, i) => i));
        for (const call of calls) expect(call.indexes.length).toBeLessThanOrEqual(maxClaims);
        for (const { id, slot } of list) {
          const same = places.filter((i) => list[i]!.id === id && list[i]!.slot === slot);
          expect(same).toEqual(same.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it("gives a Cluster calls of one tag each, and each slot to every tag when it is to be extended", () => {
    fc.assert(
      fc.property(BATCH, (list) => {
        const calls = packCalls(claims(list), 10, { everyTag: true });
        const reached = new Set(calls.flatMap((call) => call.groups.map((group) => `${group.tag} ${group.slot}`)));
        expect(reached.size).toBe(TAGS * new Set(list.map((claim) => claim.slot)).size);
        for (const call of calls) for (const group of call.groups) expect(group.tag).toBe(call.tag);
      }),
    );
  });
});
