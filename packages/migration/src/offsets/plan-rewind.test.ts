import { describe, expect, it } from "vitest";
import type { GroupOffsets } from "../backends.ts";
import { mismatches, planRewind } from "./plan-rewind.ts";
import { parseSavedOffsets } from "./saved-offsets.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 2);
const group: GroupOffsets = {
  topic: "events",
  generation: 3,
  group: "processing",
  groupId: "processing@events",
  members: 0,
  partitions: [
    { partition: 0, committed: 500, first: 100, end: 510 },
    { partition: 1, committed: undefined, first: 0, end: 0 },
  ],
};
const offsets = (first: number, second = 0) =>
  new Map([
    [0, first],
    [1, second],
  ]);
const hoursAgo = (hours: number) => new Map([[0, NOW - hours * HOUR]]);

describe("a rewind", () => {
  it("says from where to where each partition goes, and how old the oldest record is that is folded again", () => {
    expect(planRewind(group, offsets(100), hoursAgo(23), NOW)).toEqual({
      groupId: "processing@events",
      steps: [
        { partition: 0, from: 500, to: 100, oldestMs: NOW - 23 * HOUR },
        { partition: 1, from: 0, to: 0, oldestMs: undefined },
      ],
      problems: [],
    });
  });

  it.each([
    ["a group that somebody is in", { ...group, members: 2 }, offsets(100), 1, "has 2 members"],
    ["an offset ahead of what is committed", group, offsets(501), 1, "501 is ahead of it"],
    ["records that are no longer kept", group, offsets(99), 1, "those from 99 are no longer kept"],
    ["a partition of which nothing is said", group, new Map([[0, 100]]), 1, "Nothing is said of partition 1"],
    ["records that claims are not kept for", group, offsets(100), 25, "25 hours old"],
  ] as const)("is refused for %s", (_, at, wanted, hours, problem) => {
    const { problems } = planRewind(at, wanted, hoursAgo(hours), NOW);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("does not mind how old the next record is where it does not move", () => {
    expect(planRewind(group, offsets(500), hoursAgo(30), NOW).problems).toEqual([]);
  });

  it("is refused to offsets of another topic, generation or group", () => {
    const saved = { topic: "others", generation: 2, group: "processing", offsets: offsets(1) };
    expect(mismatches(saved, group)).toEqual([
      "The offsets are of topic others, and here is topic events.",
      "The offsets are of generation 2, and here is generation 3.",
    ]);
  });
});

describe("offsets that were written down", () => {
  const written = { topic: "events", generation: 3, group: "processing" };
  const partitions = [
    { partition: 1, committed: null },
    { partition: 0, committed: 12 },
  ];

  it("are read, and what was never committed begins at 0", () => {
    const saved = parseSavedOffsets(JSON.stringify({ ...written, partitions }));
    expect(saved).toEqual({ ...written, offsets: offsets(12) });
  });

  it.each([
    ["no JSON", "offsets"],
    ["no topic", JSON.stringify({ ...written, topic: 1, partitions })],
    ["no generation", JSON.stringify({ ...written, generation: 0, partitions })],
    ["no partitions", JSON.stringify({ ...written, partitions: [] })],
    ["a partition twice", JSON.stringify({ ...written, partitions: [partitions[0], partitions[0]] })],
    ["a partition left out", JSON.stringify({ ...written, partitions: [partitions[0]] })],
    ["no offset", JSON.stringify({ ...written, partitions: [{ partition: 0 }] })],
  ])("are refused with %s", (_, text) => {
    expect(() => parseSavedOffsets(text)).toThrow(expect.objectContaining({ kind: "invalid" }));
  });
});
