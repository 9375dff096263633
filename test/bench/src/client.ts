import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchMillrace, type Millrace } from "@millrace/harness/process";
import type { Bench, Figure } from "./bench.ts";
import { answerOf, start } from "./beside.ts";
import type { Load, LoadOptions } from "./client-load.ts";
import type { ContenderName, Receiver } from "./contenders.ts";
import { median, REPETITIONS } from "./median.ts";
import { PROJECT, untilStored } from "./whole-server.ts";

const EVENTS = 200_000;
const CALL_MICROS_MAX = 20;
const MEBIBYTE = 2 ** 20;

const TITLES: Readonly<Record<ContenderName, string>> = {
  loop: "bare loop",
  grpc: "track",
  spool: "track with a spool",
  fetch: "track, sent by fetch",
  posthog: "capture of posthog-node",
};
const OURS: readonly ContenderName[] = ["grpc", "spool", "fetch"];

export const bench: Bench = {
  about: "the SDK for Node in a service's process, beside a bare loop and beside posthog-node",
  async run() {
    const figures: Figure[] = [...(await figuresOf("loop", { url: "", key: "" }))];
    const millrace = await launchMillrace();
    try {
      let sent = 0;
      for (const name of OURS) {
        figures.push(...(await figuresOf(name, receiverOf(millrace))));
        sent += repetitionsOf(name) * EVENTS;
      }
      await expectCounted(millrace, sent);
    } finally {
      await millrace.dispose();
    }
    return [...figures, ...(await besidePosthog())];
  },
};

/** By fetch so few batches are on their way at once that one run takes as long as the others' repetitions. */
function repetitionsOf(name: ContenderName): number {
  return name === "fetch" ? 1 : REPETITIONS;
}

/** A contender's figures: the medians of its repetitions, each in a process of its own. */
async function figuresOf(name: ContenderName, receiver: Receiver): Promise<readonly Figure[]> {
  const loads: Load[] = [];
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    for (let i = 0; i < repetitionsOf(name); i++) {
      const spoolDirectory = join(directory, String(i));
      const child = start("./client-load.ts", [], ["--expose-gc"]);
      child.send({ name, receiver: { ...receiver, spoolDirectory }, events: EVENTS } satisfies LoadOptions);
      loads.push(await answerOf<Load>(child, TITLES[name]));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const middle = (key: keyof Load): number => median(loads.map((load) => load[key]));
  const title = TITLES[name];
  const goal = OURS.includes(name) ? { goal: { atMost: CALL_MICROS_MAX } } : {};
  return [
    { what: `${title}, a call, p50`, value: middle("callMicros"), unit: "µs", ...goal },
    { what: `${title}, a call, p99`, value: middle("callMicrosP99"), unit: "µs", ...goal },
    { what: `${title}, a call of 100 in a row, p99`, value: middle("batchMicrosP99"), unit: "µs" },
    { what: `${title}, a million events`, value: middle("cpuSecondsPerMillion"), unit: "CPU s" },
    { what: `${title}, memory at most`, value: middle("memoryBytes") / MEBIBYTE, unit: "MiB" },
    { what: `${title}, taken and delivered`, value: EVENTS / middle("seconds"), unit: "events/s" },
  ];
}

function receiverOf({ url, keys }: Millrace): Receiver {
  return { url, key: keys.projectKeys[PROJECT]! };
}

/** Fails unless exactly so many events are counted, each once. */
async function expectCounted(millrace: Millrace, events: number): Promise<void> {
  await untilStored(millrace, events, ["1m"]);
  const { balance } = await millrace.status(PROJECT);
  const counted = Number(balance?.foldedCount ?? 0n);
  if (counted !== events) throw new Error(`${counted} events are counted, and ${events} were sent`);
}

/** The same load on the other SDK, which delivers to a receiver that only counts. */
async function besidePosthog(): Promise<readonly Figure[]> {
  const sink = start("./batch-sink.ts");
  try {
    const url = `http://127.0.0.1:${await answerOf<number>(sink, "the receiver")}`;
    const figures = await figuresOf("posthog", { url, key: "phc_bench" });
    sink.send("how many");
    const counts = await answerOf<{ received: number; different: number }>(sink, "the receiver");
    const sent = repetitionsOf("posthog") * EVENTS;
    if (counts.received !== sent || counts.different !== sent) {
      throw new Error(`the receiver has ${JSON.stringify(counts)}, and ${sent} were sent`);
    }
    return figures;
  } finally {
    sink.kill();
  }
}
