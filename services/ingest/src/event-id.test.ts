import { describe, expect, it } from "vitest";
import { randomEventId, streamEventId, uuidTimeMs } from "./event-id.ts";

const timeOf = (id: string) => uuidTimeMs(Buffer.from(`..${id}`), 2, 2 + id.length);

describe("the time of an id", () => {
  it("is that of a UUIDv7, in lower or upper case", () => {
    expect(timeOf("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")).toBe(1_645_557_742_000);
    expect(timeOf("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")).toBe(1_645_557_742_000);
  });

  it("is none for anything else, or outside of 1980 to 9999", () => {
    for (const id of [
      "",
      "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
      "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
      "017f22e279b07cc398c4dc0c0c07398f",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
      "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
      "017f22e2-79g0-7cc3-98c4-dc0c0c07398f",
      "00000000-0001-7cc3-98c4-dc0c0c07398f",
      "ffffffff-ffff-7cc3-98c4-dc0c0c07398f",
    ]) {
      expect(timeOf(id), id).toBe(-1);
    }
  });

  it("is found in the ids that are made here", () => {
    const ids = new Set(Array.from({ length: 1000 }, () => randomEventId(1_772_366_400_123)));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(timeOf(id)).toBe(1_772_366_400_123);
  });
});

describe("the id of a stream's event", () => {
  it("is the same for the same place, and another for another", () => {
    expect(streamEventId("s", "1", 0)).toBe(streamEventId("s", "1", 0));
    const ids = ["s", "t"].flatMap((s) => ["1", "11"].flatMap((q) => [0, 1, 10].map((i) => streamEventId(s, q, i))));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.length === 32)).toBe(true);
  });
});
