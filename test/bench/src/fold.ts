import { type FoldFigures, measureFold } from "@millrace/processing/bench";
import type { Bench } from "./bench.ts";
import { median, REPETITIONS } from "./median.ts";
import { webSnapshot } from "./web-project.ts";
import { webRecords } from "./web-records.ts";

const RECORDS = 100;
/** Together a record of some 1,500 events: what ingest packs into half a megabyte. */
const SECTIONS = 3;
const EVENTS = 500;

export const bench: Bench = {
  about: "decode and fold on the template web, in one core",
  async run() {
    const nowMs = Date.now();
    const values = [
      ...webRecords({
        records: RECORDS,
        sectionsPerRecord: SECTIONS,
        eventsPerSection: EVENTS,
        nowMs,
        sectionMs: 10,
        nextProject: () => "site",
      }),
    ];
    const records = values.map((value, offset) => ({ offset, appendTimeMs: nowMs, value }));
    const figures: FoldFigures[] = [];
    for (let i = 0; i <= REPETITIONS; i++) {
      const figure = await measureFold(records, webSnapshot());
      // The first warms up.
      if (i > 0) figures.push(figure);
    }
    const middle = (key: "decode" | "deltas" | "blocks") => median(figures.map((figure) => figure[key]));
    return [
      { what: "decode", value: middle("decode"), unit: "events/s" },
      { what: "decode, fold into deltas", value: middle("deltas"), unit: "events/s" },
      {
        what: "decode, fold, merge into blocks",
        value: middle("blocks"),
        unit: "events/s",
        goal: { atLeast: 150_000 },
      },
    ];
  },
};
