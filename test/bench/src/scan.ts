import { measureIntake } from "@millrace/ingest/bench";
import { createNoopMeter } from "@opentelemetry/api";
import type { Bench } from "./bench.ts";
import { REPETITIONS } from "./median.ts";

/** The events of one large project go to this many partitions. */
const SPREAD = 8;

export const bench: Bench = {
  about: "scan, route and stamp into records, without RPC, against the bare loop over the same bytes",
  async run() {
    const { bareScan, scan, intake, compression, eventBytes } = await measureIntake(
      SPREAD,
      createNoopMeter(),
      REPETITIONS,
    );
    return [
      { what: "bare loop over tags and lengths", value: bareScan, unit: "events/s" },
      { what: "scan with every limit", value: scan, unit: "events/s" },
      { what: "scan, route, stamp, pack into records", value: intake, unit: "events/s" },
      { what: "compression of the records alone", value: compression, unit: "events/s" },
      { what: "of the bare loop", value: intake / bareScan, unit: "", goal: { atLeast: 0.4 } },
      {
        what: "of the bare loop, compression left out",
        value: 1 / (1 / intake - 1 / compression) / bareScan,
        unit: "",
      },
      { what: "size of an event", value: eventBytes, unit: "bytes" },
    ];
  },
};
