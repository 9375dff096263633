import { Granularity } from "@millrace/api/millrace/reporting/v1/query_pb";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { askReporting, figuresOf, ofDays } from "./ask-reporting.ts";
import type { Bench } from "./bench.ts";
import { inKeyspace } from "./cassandra-keyspace.ts";
import { DAY_MS, DAYS, storeDays, TUPLES, tupleDefinitions } from "./stored-days.ts";

const GOAL_MS = 50;

export const bench: Bench = {
  about: `queries over Cassandra, one node, ${TUPLES.toLocaleString("en-US")} pages, nothing cached by the service`,
  run: () =>
    inKeyspace(async (keyspace) => {
      const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
      const definitions = tupleDefinitions();
      const cellStore = await openCassandraCellStore(keyspace);
      await storeDays(cellStore, definitions, endMs);
      const hours = ofDays(1, endMs, { granularity: Granularity.GRANULARITY_1H });
      const pages = { dimensions: ["page"], orderBy: [{ field: "page_views", descending: true }], limit: 10 };
      try {
        return await askReporting(cellStore, definitions, endMs, async ({ there }) => [
          ...(await figuresOf("a day by hour", there, hours, 24, GOAL_MS)),
          ...(await figuresOf("top 10 of one day", there, ofDays(1, endMs, pages), 10, GOAL_MS)),
          ...(await figuresOf(`top 10 over ${DAYS} days`, there, ofDays(DAYS, endMs, pages), 10)),
        ]);
      } finally {
        await cellStore.close();
      }
    }),
};
