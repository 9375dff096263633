import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { answerOf, start } from "./beside.ts";
import type { FoldedLog } from "./fold-store.ts";

const PROJECTS = 100_000;
/** Twenty seconds at 10,000 events a second: some two events of each project. */
const EVENTS = 200_000;
/** The log is folded about this many times as fast as it was written. */
const SPEED = 5;
const GIBIBYTE = 2 ** 30;
/** MILLRACE_BLOCK_BYTES as one would set it for so many projects; and a young generation in which a flush's garbage fits. */
const BLOCK_MEBIBYTES = "512";
const SEMI_SPACE = ["--max-semi-space-size=64"];

export const bench: Bench = {
  about: "100,000 projects on the template web against one, through the fold, the claims and the store",
  async run() {
    const one = await foldLogOf(1);
    const many = await foldLogOf(PROJECTS);
    const rows = Object.values(many.rows).reduce((sum, count) => sum + count, 0);
    return [
      { what: "one project", value: EVENTS / one.seconds, unit: "events/s" },
      {
        what: "one project, processor time for a million events",
        value: one.cpuSeconds / (EVENTS / 1e6),
        unit: "CPU s",
      },
      { what: "100,000 projects", value: EVENTS / many.seconds, unit: "events/s" },
      {
        what: "100,000 projects, processor time for a million events",
        value: many.cpuSeconds / (EVENTS / 1e6),
        unit: "CPU s",
      },
      {
        what: "events for the same processor time, against one project",
        value: one.cpuSeconds / many.cpuSeconds,
        unit: "",
        goal: { atLeast: 0.3 },
      },
      { what: "rows written an event", value: rows / EVENTS, unit: "", goal: { atMost: 4 } },
      ...Object.entries(many.rows).map(([tier, count]) => ({ what: `… of ${tier}`, value: count / EVENTS, unit: "" })),
      { what: "memory at most", value: many.peakRssBytes / GIBIBYTE, unit: "GiB", goal: { atMost: 2 } },
    ];
  },
};

/** Writes a log in one process and folds it in another. */
async function foldLogOf(projects: number): Promise<FoldedLog> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await answerOf(start("./write-log.ts", [directory, String(projects), String(EVENTS)]), "the writer");
    const fold = start("./fold-store.ts", [directory, String(SPEED), BLOCK_MEBIBYTES], SEMI_SPACE);
    return await answerOf<FoldedLog>(fold, "the fold");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
