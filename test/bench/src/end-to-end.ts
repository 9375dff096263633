import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { Condition_Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { launchMillrace, type Millrace } from "@millrace/harness/process";
import type { Bench } from "./bench.ts";
import { produceBeside } from "./beside.ts";
import { quantile } from "./median.ts";
import { cpuSeconds, PROJECT, untilStored } from "./whole-server.ts";

const EVENTS = 1_200_000;
const GOAL_PER_SECOND = 40_000;
const MARKED_MS = 15_000;
const MARK_EVERY_MS = 150;
const LOOK_EVERY_MS = 10;

const MINUTE_MS = 60_000;
/** They fit among the referrers that the template keeps. */
const DIFFERENT_MARKS = 20;

type Reporting = Client<typeof ReportingService>;

export const bench: Bench = {
  about: "send → visible of a whole Millrace on the template web, then event → visible at half the rate",
  async run() {
    const millrace = await launchMillrace({ env: { MILLRACE_COARSE_FLUSH_PERCENT: "100" } });
    try {
      const sustained = await sustain(millrace);
      const delays = await watchMarks(millrace, 2 * EVENTS);
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

/**
 * While events come at half of the goal's rate, sends marks, one at a time from a referrer of its own, and looks for each until
 * a query tells it. What is measured holds the sending, the log, the fold, the flush and the query.
 */
async function watchMarks(millrace: Millrace, firstNumber: number): Promise<number[]> {
  const eventsPerSecond = GOAL_PER_SECOND / 2;
  const producing = produceBeside({
    url: millrace.url,
    key: millrace.keys.projectKeys[PROJECT]!,
    events: (eventsPerSecond * MARKED_MS) / 1000,
    eventsPerMessage: 100,
    lanes: 2,
    eventsPerSecond,
    firstNumber,
  });
  const reporting = millrace.client(ReportingService);
  const delays: number[] = [];
  const end = performance.now() + MARKED_MS - 1_000;
  for (let mark = 0; performance.now() < end; mark++) {
    delays.push(await timeToSee(millrace, reporting, mark));
    await delay(Math.random() * MARK_EVERY_MS);
  }
  await producing;
  return delays;
}

/** Sends one mark, and gives how many milliseconds it took until a query told it. */
async function timeToSee(millrace: Millrace, reporting: Reporting, mark: number): Promise<number> {
  const referrer = `https://mark.example/${mark % DIFFERENT_MARKS}`;
  const before = await viewsFrom(reporting, referrer);
  const began = performance.now();
  const answer = await fetch(`${millrace.url}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${millrace.keys.projectKeys[PROJECT]}` },
    body: JSON.stringify({
      event_id: crypto.randomUUID(),
      name: "page_view",
      anonymous_id: "mark",
      properties: {
        url: "https://shop.example/",
        referrer,
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
      },
    }),
  });
  if (answer.status !== 202) throw new Error(`a mark was answered ${answer.status}: ${await answer.text()}`);
  while ((await viewsFrom(reporting, referrer)) === before) await delay(LOOK_EVERY_MS);
  return performance.now() - began;
}

/** How many views came from a referrer in the last minutes. */
async function viewsFrom(reporting: Reporting, referrer: string): Promise<string> {
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const value = {
    startTime: timestampFromMs(minute - 10 * MINUTE_MS),
    endTime: timestampFromMs(minute + MINUTE_MS),
  };
  const condition = {
    field: "referrer",
    operator: Condition_Operator.EQUALS,
    values: [create(ValueSchema, { kind: { case: "stringValue", value: referrer } })],
  };
  const query = create(QuerySchema, {
    projectId: PROJECT,
    metrics: ["page_views"],
    timeRange: { kind: { case: "absolute", value } },
    filter: { kind: { case: "condition", value: condition } },
  });
  const { result } = await reporting.query({ query });
  return JSON.stringify(result?.rows.map(({ values }) => values.map(({ kind }) => String(kind.value))));
}
