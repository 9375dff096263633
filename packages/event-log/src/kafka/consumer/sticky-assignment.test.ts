import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignSticky, type MemberClaims } from "./sticky-assignment.ts";

function member(memberId: string, owned: number[] = [], more: Partial<MemberClaims> = {}): MemberClaims {
  return { memberId, owned, releasing: [], leaving: false, generation: 1, ...more };
}

/** Rounds until nobody must let anything go: what each member ends up with, and how many changed hands. */
function settle(members: readonly MemberClaims[], partitions: number) {
  let claims = [...members];
  for (let round = 0; round < 10; round++) {
    const shares = assignSticky(claims, partitions);
    const next = claims.map((each) => ({ ...each, owned: shares.get(each.memberId)!, releasing: [] }));
    const calm = next.every((each, i) => same(each.owned, claims[i]!.owned) && claims[i]!.releasing.length === 0);
    claims = next;
    if (calm) return new Map(claims.map(({ memberId, owned }) => [memberId, owned]));
  }
  throw new Error("It does not come to rest.");
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

/** Any group: some partitions held, each by one member at most, some of them on their way out. */
const groups = fc
  .record({
    partitions: fc.integer({ min: 1, max: 40 }),
    count: fc.integer({ min: 1, max: 8 }),
    picks: fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 40, maxLength: 40 }),
    leaving: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ partitions, count, picks, leaving }) => {
    const members = Array.from({ length: count }, (_, i) => ({
      ...member(`m${i}`),
      owned: [] as number[],
      releasing: [] as number[],
      leaving: leaving[i]! && i > 0,
    }));
    for (let partition = 0; partition < partitions; partition++) {
      const [pick, releasing] = picks[partition]!;
      const holder = members[pick % (count + 1)];
      if (holder !== undefined) (releasing ? holder.releasing : holder.owned).push(partition);
    }
    return { partitions, members };
  });

describe("assignSticky", () => {
  it("shares all partitions among the first members", () => {
    expect([...assignSticky([member("a"), member("b")], 5).values()].map((share) => share.length)).toEqual([3, 2]);
  });

  it("gives a newcomer nothing until a holder has let go, and then just what was let go", () => {
    const first = assignSticky([member("a", [0, 1, 2, 3]), member("b")], 4);
    expect(first).toEqual(
      new Map([
        ["a", [0, 1]],
        ["b", []],
      ]),
    );
    expect(assignSticky([member("a", [0, 1], { releasing: [2] }), member("b")], 4).get("b")).toEqual([3]);
    expect(assignSticky([member("a", [0, 1]), member("b", [3])], 4).get("b")).toEqual([2, 3]);
  });

  it("gives a member that leaves nothing, and its partitions to others when it has let go of them", () => {
    expect(assignSticky([member("a", [0]), member("b", [1], { leaving: true })], 2)).toEqual(
      new Map([
        ["a", [0]],
        ["b", []],
      ]),
    );
    expect(assignSticky([member("a", [0])], 2).get("a")).toEqual([0, 1]);
  });

  it("believes the later of two that claim a partition", () => {
    const shares = assignSticky([member("a", [0], { generation: 4 }), member("b", [0], { generation: 5 })], 2);
    expect(shares.get("b")).toEqual([0]);
    expect(shares.get("a")).toEqual([1]);
  });

  it("does not depend on the order of the members", () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const sorted = (shares: Map<string, number[]>) => [...shares].sort();
        expect(sorted(assignSticky([...members].reverse(), partitions))).toEqual(
          sorted(assignSticky(members, partitions)),
        );
      }),
    );
  });

  it("never gives a partition to two, nor to one while another still holds it", () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const shares = assignSticky(members, partitions);
        const given = [...shares.values()].flat();
        expect(new Set(given).size).toBe(given.length);
        for (const { memberId, owned, releasing } of members) {
          for (const [other, share] of shares) {
            if (other !== memberId)
              expect(share.filter((each) => owned.includes(each) || releasing.includes(each))).toEqual([]);
          }
        }
      }),
    );
  });

  it("comes to rest with every partition given once and shares that differ by one at most", () => {
    fc.assert(
      fc.property(groups, ({ partitions, members }) => {
        const shares = settle(members, partitions);
        expect([...shares.values()].flat().sort((a, b) => a - b)).toEqual(
          Array.from({ length: partitions }, (_, i) => i),
        );
        const sizes = members.filter(({ leaving }) => !leaving).map(({ memberId }) => shares.get(memberId)!.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("moves no more than the shares make necessary", () => {
    fc.assert(
      fc.property(groups, ({ partitions, members: any }) => {
        const members = any.map((each) => ({ ...each, releasing: [], leaving: false }));
        const shares = settle(members, partitions);
        const floor = Math.floor(partitions / members.length);
        let larger = partitions % members.length;
        // The fewest: each keeps up to its share, and the larger shares belong to those who have most.
        const kept = members
          .map(({ owned }) => owned.length)
          .sort((a, b) => b - a)
          .reduce((sum, count) => sum + Math.min(count, larger-- > 0 ? floor + 1 : floor), 0);
        const stayed = members.flatMap(({ memberId, owned }) =>
          owned.filter((each) => shares.get(memberId)!.includes(each)),
        );
        expect(stayed).toHaveLength(kept);
      }),
    );
  });
});
