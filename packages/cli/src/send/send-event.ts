import { randomUUID } from "node:crypto";
import type { JsonObject } from "@bufbuild/protobuf";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { Failure } from "@millrace/failure";
import type { Connection } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import type { Format } from "../output/format.ts";
import { printJson } from "../output/print.ts";
import { printable } from "../output/text-width.ts";
import { parseTime } from "../time-text.ts";
import { zoneNamed } from "../zoned-time.ts";
import type { EventInit } from "./event-maker.ts";
import { ensureImportKey } from "./import-key.ts";
import { addProperty } from "./property-option.ts";
import { sendBatches } from "./sender.ts";
import { summaryDocument } from "./summary.ts";
import { Tally } from "./tally.ts";
import { waitUntilCounted } from "./wait-until-counted.ts";

/** The options of sending one event. */
export type EventOptions = {
  readonly user?: string;
  readonly anonymous?: string;
  readonly session?: string;
  readonly time?: string;
  readonly id?: string;
  readonly prop?: readonly string[];
  readonly propText?: readonly string[];
  readonly timeZone: string;
  readonly import?: boolean;
  readonly giveUpAfter?: string;
  readonly wait?: boolean;
  readonly output?: Format;
};

/** Sends one event and says what became of it; the exit code is 1 when it was rejected. */
export async function sendEvent(connection: Connection, name: string, options: EventOptions): Promise<void> {
  const event = eventOf(name, options);
  if (options.import === true) await ensureImportKey(connection);
  const tally = new Tally();
  tally.read = 1;
  const startedAt = performance.now();
  async function* batches() {
    yield { events: [event], lines: [1], end: 1 };
  }
  await sendBatches(batches(), {
    client: connection.client(IngestService, options.import === true ? "import" : "send"),
    tally,
    giveUpAfterMs: parseDuration(options.giveUpAfter ?? "10s"),
    stop: new AbortController(),
    onWait: createWaitNotice(),
  });
  if (options.wait === true) {
    const show = (text: string) => void process.stderr.write(`${text}\n`);
    const signal = new AbortController().signal;
    await waitUntilCounted(connection.client(StatusService, "ask"), { project: connection.project, signal, show });
  }
  const ms = performance.now() - startedAt;
  if (options.output !== undefined && options.output !== "table") {
    const document = summaryDocument({
      tally,
      project: connection.project,
      ms,
      ending: "done",
      balance: undefined,
    });
    printJson(document, options.output);
  } else if (tally.rejected === 0) {
    process.stdout.write(
      tally.duplicate > 0 ? "duplicate: it had been accepted before\n" : `accepted ${event.eventId}\n`,
    );
  }
  const rejected = tally.examples[0];
  if (rejected !== undefined) {
    process.stderr.write(`rejected: ${printable(rejected.message)} (${rejected.reason})\n`);
    process.exitCode = 1;
  }
}

/** Says why sending waits, once for each reason. */
function createWaitNotice(): (why: string | undefined) => void {
  let last: string | undefined;
  return (why) => {
    if (why !== undefined && why !== last) process.stderr.write(`waiting: ${why}\n`);
    last = why;
  };
}

function eventOf(name: string, options: EventOptions): EventInit {
  const properties: JsonObject = {};
  for (const each of options.prop ?? []) addProperty(properties, each, false);
  for (const each of options.propText ?? []) addProperty(properties, each, true);
  const event: EventInit = { name, eventId: options.id ?? randomUUID(), properties };
  if (options.user !== undefined) event.userId = options.user;
  if (options.anonymous !== undefined) event.anonymousId = options.anonymous;
  if (options.session !== undefined) event.sessionId = options.session;
  // A retry must repeat the time, so the event has one from the start.
  const time = parseTime(options.time ?? String(Date.now()), zoneNamed(options.timeZone));
  if (time === undefined) throw Failure.invalidField("--time", `"${options.time}" is not a time`, "EVENT_TIME_INVALID");
  event.time = { seconds: BigInt(time.seconds), nanos: time.nanos };
  return event;
}
