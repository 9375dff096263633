import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  claimId,
  claimMoment,
  claimSlot,
  IMPORT_SLOT_BASE,
  isUntimedClaim,
  streamClaimTime,
  untimedClaimTime,
} from "./claim-format.ts";

function hex(project: string, id: string): string {
  const out = new Uint8Array(20).fill(0xee);
  const bytes = Buffer.from(`..${id}..`);
  claimId(project, bytes, 2, bytes.length - 2, out, 2);
  expect([out[1], out[18]]).toEqual([0xee, 0xee]);
  return Buffer.from(out.subarray(2, 18)).toString("hex");
}

describe("claimId", () => {
  it("never changes: stored claims depend on it", () => {
    expect([hex("shop", "order-1"), hex("web", "order-1"), hex("shop", ""), hex("ü", "0190a5f2-7e7c-7a4e")]).toEqual(
      GOLDEN_IDS,
    );
  });

  it("tells apart what differs in the project or in the id", () => {
    const projects = ["a", "b", "ab", "aa"];
    const ids = ["", "a", "b", "ab", "ba", "x".repeat(64), "x".repeat(63)];
    const all = projects.flatMap((project) => ids.map((id) => hex(project, id)));
    expect(new Set(all).size).toBe(projects.length * ids.length);
  });

  it("spreads ids evenly over the sixteen buckets", () => {
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[Number.parseInt(hex("p", `${i}`)[1]!, 16)]!++;
    for (const count of counts) expect(count).toBeGreaterThan(850);
  });
});

describe("claimSlot", () => {
  it("is a minute for live events and a day for imports", () => {
    expect([claimSlot(59_999, false), claimSlot(60_000, false)]).toEqual([0, 1]);
    expect(claimSlot(86_400_000, true) - claimSlot(86_399_999, true)).toBe(1);
    expect(claimSlot(1_700_000_000_000, false)).toBe(28_333_333);
    expect(claimSlot(1_700_000_000_000, true)).toBe(IMPORT_SLOT_BASE + 19_675);
  });

  it("never gives an import the slot of a live event", () => {
    const time = fc.integer({ min: -(2 ** 48), max: 2 ** 48 });
    fc.assert(fc.property(time, time, (a, b) => claimSlot(a, true) > claimSlot(b, false)));
  });
});

describe("events without a time of their own", () => {
  it("are filed where their stream's messages were filed before, whenever they are sent again", () => {
    expect(streamClaimTime("stream-1", 255n)).toBe(streamClaimTime("stream-1", 0n));
    expect(streamClaimTime("stream-1", 256n)).not.toBe(streamClaimTime("stream-1", 255n));
    expect(streamClaimTime("stream-2", 0n)).not.toBe(streamClaimTime("stream-1", 0n));
    expect(claimMoment(streamClaimTime("stream-1", 0n))).toBe(0);
  });

  it("are filed by the day of receipt, and found from the next day", () => {
    const monday = untimedClaimTime(1_700_000_000_000);
    const tuesday = untimedClaimTime(1_700_000_000_000 + 86_399_999);
    for (const imported of [false, true]) {
      expect(claimSlot(tuesday, imported) - claimSlot(monday, imported)).toBeLessThanOrEqual(1);
    }
    expect(claimMoment(monday)).toBe(1_700_000_000_000);
    expect([isUntimedClaim(monday), isUntimedClaim(1_700_000_000_000)]).toEqual([true, false]);
  });

  it("never share a slot with those that have one", () => {
    const end = Date.UTC(9999, 11, 31);
    const timed = [claimSlot(end, false), claimSlot(end, true)];
    const stream = streamClaimTime("stream", 1n);
    const untimed = [false, true].map((imported) => claimSlot(untimedClaimTime(0), imported));
    expect(claimSlot(stream, false)).toBeGreaterThan(timed[0]!);
    expect(claimSlot(stream, true)).toBeGreaterThan(timed[1]!);
    for (const slot of untimed) expect(slot).toBeGreaterThan(Math.max(claimSlot(stream, true), ...timed));
  });
});

const GOLDEN_IDS = [
  "307e249b71578fc756ba599456ba5994",
  "b5bc7c6fa418c9d1427dddd7427dddd7",
  "a2ef96273f80b0723f80b0723f80b072",
  "73d05f6e765ec3f6cefd0ff062c5e590",
];
