import { create } from "@bufbuild/protobuf";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { hashWords, murmur3Text } from "@millrace/hash";
import { describe, expect, it } from "vitest";
import { isLate, partitionOf, stampRulesOf } from "./stamp-rules.ts";

const definitions = (projectId: string, spread: number) =>
  create(DefinitionsSchema, {
    projectId,
    revision: 1n,
    spread,
    lateWindows: [{ window: { seconds: 100n } }, { startTime: { seconds: 1000n }, window: { seconds: 10n } }],
  });

function partitions(projectId: string, spread: number, count: number): Set<number> {
  const rules = stampRulesOf(definitions(projectId, spread));
  const found = new Set<number>();
  for (let i = 0; i < 500; i++) {
    murmur3Text(`user-${i}`, 0);
    found.add(partitionOf(rules, hashWords[0]!, count));
  }
  return found;
}

describe("the partitions of a project", () => {
  it("are as many as its spread says, and no more than there are", () => {
    for (const [spread, expected] of [
      [0, 1],
      [1, 1],
      [3, 3],
      [8, 8],
      [100, 8],
    ] as const) {
      const found = partitions("shop", spread, 8);
      expect(found.size).toBe(expected);
      expect([...found].every((partition) => partition >= 0 && partition < 8)).toBe(true);
    }
  });

  it("begin at different places for different projects", () => {
    const first = Array.from({ length: 100 }, (_, i) => [...partitions(`project-${i}`, 1, 8)][0]!);
    expect(new Set(first).size).toBe(8);
  });
});

describe("late", () => {
  it("is decided by the window in force at the event's own time", () => {
    const rules = stampRulesOf(definitions("shop", 1));
    // Received at 1,005 s. Since 1,000 s the window is 10 s; before it was 100 s.
    expect(isLate(rules, 1_004_000, 1_005_000)).toBe(false);
    expect(isLate(rules, 1_000_000, 1_010_000)).toBe(false);
    expect(isLate(rules, 1_000_000, 1_010_001)).toBe(true);
    expect(isLate(rules, 999_999, 1_099_999)).toBe(false);
    expect(isLate(rules, 999_999, 1_100_000)).toBe(true);
  });
});
