import { launchMesh, type Mesh, type ServiceName } from "@millrace/harness/mesh";
import type { Bench } from "./bench.ts";
import { produceBeside } from "./beside.ts";
import { quantile } from "./median.ts";
import { watchMarks } from "./watch-marks.ts";
import { cpuSecondsIn, PROJECT, untilStored } from "./whole-server.ts";

const EVENTS = 600_000;
/** The first events find the code not yet compiled. */
const WARM_EVENTS = 200_000;
const GOAL_PER_CORE_SECOND = 60_000;

export const bench: Bench = {
  about: "one of each service on Kafka, Redis and Cassandra: send → visible, then event → visible at half the rate",
  async run() {
    const counts = { ingest: 1, processing: 1, config: 1, reporting: 1, dashboard: 1 };
    const mesh = await launchMesh({ counts, env: { MILLRACE_COARSE_FLUSH_PERCENT: "100" } });
    try {
      await send(mesh, WARM_EVENTS, 1);
      const before = await timesOf(mesh);
      const sent = await send(mesh, EVENTS, 1 + WARM_EVENTS);
      const after = await timesOf(mesh);
      const perCoreSecond = (service: ServiceName) => EVENTS / (after[service] - before[service]);
      const eventsPerSecond = Math.floor(sent.perSecond / 2);
      const { url } = mesh.process("ingest-1");
      const delays = await watchMarks(mesh, { url, eventsPerSecond, firstNumber: 2 * (EVENTS + WARM_EVENTS) });
      return [
        { what: "sent and visible, sustained", value: sent.perSecond, unit: "events/s" },
        { what: "acknowledged meanwhile", value: sent.acknowledged, unit: "events/s" },
        { what: "ingest, by its processor time", value: perCoreSecond("ingest"), unit: "events/core s" },
        {
          what: "processing (consume, decode, claim, fold, flush), by its processor time",
          value: perCoreSecond("processing"),
          unit: "events/core s",
          goal: { atLeast: GOAL_PER_CORE_SECOND },
        },
        { what: "rate while marks are watched", value: eventsPerSecond, unit: "events/s" },
        { what: "event → visible at half load, p50", value: quantile(delays, 0.5), unit: "ms" },
        { what: "event → visible, p99", value: quantile(delays, 0.99), unit: "ms", goal: { atMost: 1000 } },
        { what: "marks watched", value: delays.length, unit: "" },
      ];
    } finally {
      await mesh.dispose();
    }
  },
};

/** Sends as fast as ingest takes it, and waits until all of it can be seen. */
async function send(mesh: Mesh, events: number, firstNumber: number) {
  const began = performance.now();
  const produced = await produceBeside({
    url: mesh.process("ingest-1").url,
    key: mesh.keys.projectKeys[PROJECT]!,
    events,
    eventsPerMessage: 500,
    lanes: 4,
    firstNumber,
  });
  await untilStored(mesh, firstNumber - 1 + produced.accepted, ["1m"]);
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: produced.accepted / seconds, acknowledged: produced.accepted / produced.seconds };
}

/** The processor time that each service has taken so far, in seconds. */
async function timesOf(mesh: Mesh): Promise<Record<ServiceName, number>> {
  const times = { config: 0, ingest: 0, processing: 0, reporting: 0, dashboard: 0 };
  for (const { service, adminUrl } of mesh.processes.values()) {
    times[service] += cpuSecondsIn(await (await fetch(`${adminUrl}/metrics`)).text());
  }
  return times;
}
