import { launchMillrace, type Millrace } from "@millrace/harness/process";
import type { Bench } from "./bench.ts";
import { produceBeside } from "./beside.ts";
import { quantile } from "./median.ts";
import { watchMarks } from "./watch-marks.ts";
import { cpuSeconds, PROJECT, untilStored } from "./whole-server.ts";

const EVENTS = 1_200_000;
const GOAL_PER_SECOND = 40_000;

export const bench: Bench = {
  about: "send → visible of a whole Millrace on the template web, then event → visible at half the rate",
  async run() {
    const millrace = await launchMillrace({ env: { MILLRACE_COARSE_FLUSH_PERCENT: "100" } });
    try {
      const sustained = await sustain(millrace);
      const delays = await watchMarks(millrace, {
        url: millrace.url,
        eventsPerSecond: GOAL_PER_SECOND / 2,
        firstNumber: 2 * EVENTS,
      });
      return [
        {
          what: "sent and visible, sustained",
          value: sustained.perSecond,
          unit: "events/s",
          goal: { atLeast: GOAL_PER_SECOND },
        },
        { what: "acknowledged meanwhile", value: sustained.acknowledged, unit: "events/s" },
        { what: "server time for a million events", value: sustained.cpuSecondsPerMillion, unit: "CPU s" },
        { what: "event → visible at half of the goal's rate, p50", value: quantile(delays, 0.5), unit: "ms" },
        { what: "event → visible, p99", value: quantile(delays, 0.99), unit: "ms", goal: { atMost: 1000 } },
        { what: "marks watched", value: delays.length, unit: "" },
      ];
    } finally {
      await millrace.dispose();
    }
  },
};

/** Sends as fast as the server takes it, and waits until all of it can be seen. */
async function sustain(millrace: Millrace) {
  const cpuBefore = await cpuSeconds(millrace);
  const began = performance.now();
  const produced = await produceBeside({
    url: millrace.url,
    key: millrace.keys.projectKeys[PROJECT]!,
    events: EVENTS,
    eventsPerMessage: 500,
    lanes: 4,
    firstNumber: 1,
  });
  await untilStored(millrace, produced.accepted, ["1m"]);
  const seconds = (performance.now() - began) / 1000;
  return {
    perSecond: produced.accepted / seconds,
    acknowledged: produced.accepted / produced.seconds,
    cpuSecondsPerMillion: ((await cpuSeconds(millrace)) - cpuBefore) / (produced.accepted / 1e6),
  };
}
