import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Figure } from "./bench.ts";
import { answerOf, start } from "./beside.ts";
import { inKeyspace } from "./cassandra-keyspace.ts";
import type { FoldedLog } from "./fold-store.ts";

const PROJECTS = 100_000;
/** Long enough that most of the code has been compiled for most of the time. */
const EVENTS_OF_ONE = 600_000;
/** Ten seconds at 10,000 events a second. */
const EVENTS_OF_MANY = 100_000;
/** The log is folded about this many times as fast as it was written. */
const SPEED = 5;
const BLOCK_MEBIBYTES = "512";
const CLAIM_MEBIBYTES = "112";
const SEMI_SPACE = ["--max-semi-space-size=64"];

export const bench: Bench = {
  about: "decode, claims, fold and flush to Cassandra: one project, and 100,000 by Zipf's law",
  async run() {
    const one = await foldLogOf(1, EVENTS_OF_ONE);
    const many = await foldLogOf(PROJECTS, EVENTS_OF_MANY);
    return [
      ...figuresOf("one project", one, EVENTS_OF_ONE, 60_000),
      ...figuresOf("100,000 projects", many, EVENTS_OF_MANY),
    ];
  },
};

function figuresOf(what: string, folded: FoldedLog, events: number, goal?: number): Figure[] {
  const { seconds, cpuSeconds, rows, bytes, writeSeconds, readSeconds } = folded;
  const rowCount = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return [
    { what, value: events / seconds, unit: "events/s" },
    {
      what: "… for a second of processor time",
      value: events / cpuSeconds,
      unit: "events",
      ...(goal && { goal: { atLeast: goal } }),
    },
    { what: "… rows written an event", value: rowCount / events, unit: "" },
    ...Object.entries(rows).map(([tier, count]) => ({ what: `… … of ${tier}`, value: count / events, unit: "" })),
    { what: "… bytes written an event", value: bytes / events, unit: "B" },
    { what: "… bytes a row", value: bytes / rowCount, unit: "B" },
    { what: "… rows while the store wrote", value: rowCount / writeSeconds, unit: "rows/s" },
    { what: "… reading blocks, of all the time", value: readSeconds / seconds, unit: "" },
  ];
}

/** Writes a log in one process and folds it in another. */
function foldLogOf(projects: number, events: number): Promise<FoldedLog> {
  return inKeyspace(async (keyspace) => {
    const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    try {
      await answerOf(start("./write-log.ts", [directory, String(projects), String(events), "zipf"]), "the writer");
      const limits = [String(SPEED), BLOCK_MEBIBYTES, CLAIM_MEBIBYTES];
      const fold = start("./fold-store.ts", [directory, ...limits, JSON.stringify(keyspace)], SEMI_SPACE);
      return await answerOf<FoldedLog>(fold, "the fold");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
