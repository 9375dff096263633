import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { Condition_Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { produceBeside } from "./beside.ts";
import { type Asked, PROJECT } from "./whole-server.ts";

const MARKED_MS = 15_000;
const MARK_EVERY_MS = 150;
const LOOK_EVERY_MS = 10;

const MINUTE_MS = 60_000;
/** They fit among the referrers that the template keeps. */
const DIFFERENT_MARKS = 20;

type Reporting = Client<typeof ReportingService>;

/**
 * While events come at a rate, sends marks, one at a time from a referrer of its own, and looks for each until a query tells
 * it. What is measured holds the sending, the log, the fold, the flush and the query.
 *
 * @param url where the events of the rate are sent
 * @param firstNumber the number of the first of them
 */
export async function watchMarks(
  millrace: Asked,
  { url, eventsPerSecond, firstNumber }: { url: string; eventsPerSecond: number; firstNumber: number },
): Promise<number[]> {
  const producing = produceBeside({
    url,
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
async function timeToSee(millrace: Asked, reporting: Reporting, mark: number): Promise<number> {
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
