import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "./bench.ts";
import { answerOf, produceBeside, start } from "./beside.ts";
import { median, REPETITIONS } from "./median.ts";

const EVENTS_PER_MESSAGE = 500;
const LANES = 4;

/** What a stream into one kind of log came to, medians. */
export type StreamFigures = {
  /** Events acknowledged a second, by the clock on the wall. */
  readonly wall: number;
  /** Events acknowledged in a second of the server's processor time. */
  readonly perCore: number;
};

/** Streams page views over loopback gRPC into an ingest process. */
export async function measureStream(kind: "memory" | "durable", events: number): Promise<StreamFigures> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const server = start("./ingest-server.ts", [kind, directory]);
  try {
    const url = await answerOf<string>(server, "the server");
    const cpuSeconds = async () => {
      const answer = answerOf<number>(server, "the server");
      server.send("usage");
      return answer;
    };
    const runs: StreamFigures[] = [];
    for (let run = 0; run <= REPETITIONS; run++) {
      const before = await cpuSeconds();
      const { accepted, seconds } = await produceBeside({
        url,
        key: "bench",
        events,
        eventsPerMessage: EVENTS_PER_MESSAGE,
        lanes: LANES,
        firstNumber: run * 10 * events,
      });
      if (accepted < events) throw new Error(`only ${accepted} of ${events} events were accepted`);
      // The first run warms up.
      if (run > 0) runs.push({ wall: accepted / seconds, perCore: accepted / ((await cpuSeconds()) - before) });
    }
    return { wall: median(runs.map((run) => run.wall)), perCore: median(runs.map((run) => run.perCore)) };
  } finally {
    const gone = once(server, "exit");
    server.kill("SIGTERM");
    await gone;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The figures as every stream's bench shows them. */
export function streamFigures({ wall, perCore }: StreamFigures, goals: { wall?: number; perCore?: number }): Figure[] {
  const goal = (atLeast: number | undefined) => (atLeast === undefined ? {} : { goal: { atLeast } });
  return [
    { what: "acknowledged", value: wall, unit: "events/s", ...goal(goals.wall) },
    { what: "per second of the server's processor time", value: perCore, unit: "events", ...goal(goals.perCore) },
    { what: "server time for a million events", value: 1e6 / perCore, unit: "CPU s" },
  ];
}
