import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Granularity } from "@millrace/api/millrace/reporting/v1/query_pb";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { askReporting, figuresOf, ofDays } from "./ask-reporting.ts";
import type { Bench } from "./bench.ts";
import { DAY_MS, DAYS, storeDays, TUPLES, tupleDefinitions } from "./stored-days.ts";

export const bench: Bench = {
  about: `queries over ${DAYS} days of ${TUPLES.toLocaleString("en-US")} pages, nothing cached by the service`,
  async run() {
    const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const definitions = tupleDefinitions();
    const writing = await openEmbeddedCellStore({ directory });
    await storeDays(writing, definitions, endMs);
    await writing.close();
    // Opened anew: no page of the file is in SQLite's own memory.
    const cellStore = await openEmbeddedCellStore({ directory });
    const hours = ofDays(1, endMs, { granularity: Granularity.GRANULARITY_1H });
    const pages = { dimensions: ["page"], orderBy: [{ field: "page_views", descending: true }], limit: 10 };
    const top = ofDays(DAYS, endMs, pages);
    const visitors = { ...top, metrics: ["page_views", "visitors"] };
    try {
      return await askReporting(cellStore, definitions, endMs, async ({ here, there }) => [
        ...(await figuresOf("a day by hour", there, hours, 24, 10)),
        ...(await figuresOf("a day by hour, without the socket", here, hours, 24)),
        ...(await figuresOf(`top 10 over ${DAYS} days`, there, top, 10, 100)),
        ...(await figuresOf(`top 10 over ${DAYS} days, without the socket`, here, top, 10)),
        ...(await figuresOf(`top 10 over ${DAYS} days, with visitors`, there, visitors, 10)),
      ]);
    } finally {
      await cellStore.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
