import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentIds } from "./recent-ids.ts";

const NOW = 1_772_366_400_000;
const hashOf = (id: number) => Int32Array.from([Math.imul(id, 0x9e3779b1), id, ~id, 0]);

describe("RecentIds", () => {
  it("knows what was added lately, and nothing else", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 60 }), fc.array(fc.integer()), (added, others) => {
        const ids = new RecentIds(65_536, 60_000);
        ids.passTime(NOW);
        for (const id of added) ids.add(hashOf(id), 0);
        const known = new Set(added);
        for (const id of others) if (ids.has(hashOf(id), 0)) expect(known.has(id)).toBe(true);
      }),
    );
    const ids = new RecentIds(65_536, 60_000);
    ids.passTime(NOW);
    for (let id = 1; id <= 100; id++) ids.add(hashOf(id), 0);
    for (let id = 1; id <= 100; id++) expect(ids.has(hashOf(id), 0)).toBe(true);
    expect(ids.has(new Int32Array(4), 0)).toBe(false);
  });

  it("forgets after its time, also when the clock steps back in between", () => {
    const ids = new RecentIds(64, 60_000);
    ids.passTime(NOW);
    ids.add(hashOf(1), 0);
    ids.passTime(NOW + 59_000);
    expect(ids.has(hashOf(1), 0)).toBe(true);
    ids.passTime(NOW - 3_600_000);
    expect(ids.has(hashOf(1), 0)).toBe(true);
    ids.passTime(NOW + 62_000);
    expect(ids.has(hashOf(1), 0)).toBe(false);
  });

  it("keeps to its size, and prefers the new", () => {
    const ids = new RecentIds(16, 60_000);
    ids.passTime(NOW);
    for (let id = 1; id <= 1000; id++) {
      ids.add(hashOf(id), 0);
      expect(ids.has(hashOf(id), 0)).toBe(true);
    }
    let known = 0;
    for (let id = 1; id <= 1000; id++) if (ids.has(hashOf(id), 0)) known++;
    expect(known).toBeLessThanOrEqual(16);
  });
});
