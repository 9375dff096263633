import { setTimeout as delay } from "node:timers/promises";
import { launchMillrace } from "@millrace/harness/process";
import type { Bench } from "./bench.ts";
import { produceBeside } from "./beside.ts";
import { PROJECT, untilStored } from "./whole-server.ts";

const MEBIBYTE = 2 ** 20;
const EVENTS = 10_000_000;
/** Looked at so long after the start, when everything that a start leaves behind is gone. */
const IDLE_MS = 3_000;

export const bench: Bench = {
  about: "memory of a whole Millrace, idle and after 10 M events; some three minutes",
  async run() {
    const millrace = await launchMillrace({ env: { MILLRACE_COARSE_FLUSH_PERCENT: "100" } });
    try {
      await delay(IDLE_MS);
      const idle = await millrace.rssBytes();
      let peak = idle;
      const looking = setInterval(() => {
        millrace.rssBytes().then(
          (bytes) => {
            peak = Math.max(peak, bytes);
          },
          () => {},
        );
      }, 500);
      const { accepted, seconds } = await produceBeside({
        url: millrace.url,
        key: millrace.keys.projectKeys[PROJECT]!,
        events: EVENTS,
        eventsPerMessage: 500,
        lanes: 4,
        firstNumber: 1,
      });
      await untilStored(millrace, accepted, ["1m"]);
      clearInterval(looking);
      const after = await millrace.rssBytes();
      return [
        { what: "idle", value: idle / MEBIBYTE, unit: "MiB", goal: { atMost: 200 } },
        { what: `after ${accepted / 1e6} M events`, value: after / MEBIBYTE, unit: "MiB", goal: { atMost: 600 } },
        { what: "at most meanwhile", value: peak / MEBIBYTE, unit: "MiB" },
        { what: "sent meanwhile", value: accepted / seconds, unit: "events/s" },
      ];
    } finally {
      await millrace.dispose();
    }
  },
};
