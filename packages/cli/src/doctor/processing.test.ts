import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { GetStatusResponseSchema } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { describe, expect, it } from "vitest";
import { countingChecks, versionCheck } from "./processing.ts";

type Partition = { readonly stalled?: string; readonly lagMs?: number };

function found(partitions: readonly Partition[], deadLetteredCount = 0n) {
  const status = create(GetStatusResponseSchema, {
    partitions: partitions.map(({ stalled = "", lagMs = 0 }, partition) => ({
      partition,
      stalled,
      lag: durationFromMs(lagMs),
    })),
    balance: { foldedCount: 1_234n, deadLetteredCount },
  });
  return countingChecks(status);
}

describe("counting", () => {
  it("is well when it is at the log's end", () => {
    expect(found([{}, { lagMs: 900 }])).toEqual([
      { name: "counting", level: "ok", text: "up to date in 2 partitions, 1,234 events counted since it started" },
    ]);
  });

  it("is a problem where a partition stands still, and says why", () => {
    const [check, ...others] = found([{}, { stalled: "a revision is missing", lagMs: 9_000 }]);
    expect(check).toMatchObject({ level: "problem", text: "partition 1 stands still: a revision is missing" });
    expect(others).toEqual([]);
  });

  it("is a warning when it is far behind, or could not count something", () => {
    const checks = found([{ lagMs: 180_000 }], 3n);
    expect(checks.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      "warning: it is 3 min behind",
      "warning: 3 events could not be counted (dead letters)",
    ]);
  });
});

describe("dead letters", () => {
  const status = create(GetStatusResponseSchema, { partitions: [{}], balance: { deadLetteredCount: 5n } });

  it("are a warning as long as some wait to be redriven", () => {
    expect(
      countingChecks(status, { count: 1_000, hasMore: true }).map(({ level, text }) => `${level}: ${text}`),
    ).toEqual(["warning: 1,000 or more events could not be counted (dead letters)"]);
  });

  it("are none once they were redriven", () => {
    expect(countingChecks(status, { count: 0, hasMore: false })).toMatchObject([{ level: "ok" }]);
  });
});

describe("counting by several processors", () => {
  it("says of how many it knows", () => {
    const status = create(GetStatusResponseSchema, { partitions: [{}, { partition: 1 }], processorCount: 2 });
    expect(countingChecks(status)).toMatchObject([{ level: "ok", text: "up to date in 2 partitions of 2 processors" }]);
  });

  it("is a problem where nobody answers for a partition, and names the processors that do not answer", () => {
    const status = create(GetStatusResponseSchema, {
      unansweredPartitions: [0, 3],
      unansweredProcessors: [{ address: "10.0.0.9:8080", problem: "connection refused" }],
    });
    expect(countingChecks(status).map(({ level, text }) => `${level}: ${text}`)).toEqual([
      "warning: the processor 10.0.0.9:8080 can not be asked: connection refused",
      "problem: no processor answers for partitions 0 and 3",
    ]);
  });
});

describe("the releases", () => {
  it.each([
    ["1.0.0", "ok"],
    ["1.1.0", "warning"],
    ["", "warning"],
  ])("of the command line 1.0.0 and the server %j are %s", (server, level) => {
    expect(versionCheck(server, "1.0.0").level).toBe(level);
  });
});
