import type { MessageInitShape } from "@bufbuild/protobuf";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import {
  ReportingService,
  type TailRequestSchema,
  type TailResponse,
} from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import type { Connection } from "../connection.ts";
import { follow, type Link } from "../live/follow.ts";
import { tailDocument, tailLine } from "../live/tail-line.ts";
import { type Format, formatOf } from "../output/format.ts";
import { jsonText } from "../output/json-text.ts";
import { grouped } from "../output/number-text.ts";
import { terminalWidth } from "../output/table.ts";
import { printable } from "../output/text-width.ts";
import { parseConditions } from "../query/condition.ts";
import { painter, wantsColor } from "../terminal/color.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { collect, connectionOf, list, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace tail
  millrace tail --name signup,order --where plan=pro
  millrace tail --recent 20 --mask
  millrace tail --rate 200 --output ndjson > events.ndjson

One line an event, as it is counted: time (of the project's zone), name, user (the end of the id), what became of it
  unless it counts (duplicate, late, dead letter), and its properties with what was derived from it, as far as the
  terminal is wide. Where more events come than --rate, it is a sample, and says how many are not shown.
Conditions: millrace query --help; fields are the event's own (name, user_id, ...), derived ones and properties.
With --output json or ndjson: a document a line; {"type": "event", ...}, {"type": "skipped", "count"}, {"type": "gap"}.
It ends with Ctrl-C (exit code 130), and comes back by itself when the connection was lost.`;

type TailOptions = {
  readonly name?: readonly string[];
  readonly where?: readonly string[];
  readonly mask?: boolean;
  readonly recent: number;
  readonly rate?: number;
};

const RECENT = 10;
const RECENT_MAX = 50;
const RATE_MAX = 200;

/** `millrace tail`. */
export function addTailCommand(program: Command): void {
  program
    .command("tail")
    .description("Show events as they arrive.")
    .option("--name <names>", "only these events, separated by commas; may be repeated", list)
    .option("--where <condition>", "only events of which this holds; may be repeated", collect)
    .option("--mask", "pseudonyms instead of user, anonymous and session ids")
    .option("--recent <n>", `begin with so many of the latest, at most ${RECENT_MAX}`, whole, RECENT)
    .option("--rate <n>", `at most so many events a second, 1 to ${RATE_MAX} (default: 20)`, whole)
    .option("--json", "short for --output ndjson")
    .addHelpText("after", NOTES)
    .action(async (options: TailOptions, command: Command) => runTail(options, command));
}

async function runTail(options: TailOptions, command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const { recent, rate = 0 } = options;
  if (recent > RECENT_MAX) throw Failure.invalidField("--recent", `must be at most ${RECENT_MAX}`);
  if (rate > RATE_MAX) throw Failure.invalidField("--rate", `must be at most ${RATE_MAX}`);
  const connection = connectionOf(command);
  const filter = parseConditions(options.where);
  const request = {
    projectId: connection.project,
    names: [...(options.name ?? [])],
    maskIds: options.mask === true,
    maxEventsPerSecond: rate,
    recentCount: recent,
    ...(filter !== undefined && { filter }),
  };
  const timeZone = format === "table" ? await zoneOf(connection) : "UTC";
  process.exitCode = await untilInterrupted((signal) => tail(connection, request, { format, timeZone, signal }));
}

async function zoneOf(connection: Connection): Promise<string> {
  const { project } = await connection.client(ProjectService, "ask").getProject({ projectId: connection.project });
  return project?.timeZone || "UTC";
}

async function tail(
  connection: Connection,
  request: MessageInitShape<typeof TailRequestSchema>,
  { format, timeZone, signal }: { readonly format: Format; readonly timeZone: string; readonly signal: AbortSignal },
): Promise<void> {
  const client = connection.client(ReportingService, "ask");
  const paint = painter(wantsColor());
  const note = (text: string) => process.stderr.write(`${painter(wantsColor(process.stderr))("dim", text)}\n`);
  let link: Link["state"] = "connecting";
  let recentCount = request.recentCount ?? 0;
  await follow({
    open: (ended) => client.tail({ ...request, recentCount }, { signal: ended }),
    signal,
    onMessage(message) {
      // Those were shown already when the connection is a second one.
      recentCount = 0;
      const texts = format === "table" ? tableLines(message, { paint, timeZone }) : documentLines(message);
      if (texts.length > 0) process.stdout.write(texts.map((text) => `${text}\n`).join(""));
    },
    onLink(next) {
      if (next.state === "lost" && link !== "lost") note(`reconnecting: ${printable(next.why)}`);
      else if (next.state === "live") {
        if (link === "lost") note("connected again; what came meanwhile is not shown");
        else if (process.stdout.isTTY === true && format === "table") note("Events as they arrive; Ctrl-C ends it.");
      }
      if (next.state !== "connecting") link = next.state;
    },
  });
}

function tableLines(
  { events, skippedCount, isGap }: TailResponse,
  { paint, timeZone }: { readonly paint: ReturnType<typeof painter>; readonly timeZone: string },
): readonly string[] {
  const lines = events.map((event) => tailLine(event, { paint, timeZone, width: terminalWidth() }));
  if (skippedCount > 0n) lines.push(paint("yellow", `… ${grouped(skippedCount)} more not shown`));
  if (isGap) lines.push(paint("yellow", "… perhaps more not shown: a message was lost on the way"));
  return lines;
}

function documentLines({ events, skippedCount, isGap }: TailResponse): readonly string[] {
  const documents: unknown[] = events.map(tailDocument);
  if (skippedCount > 0n) documents.push({ type: "skipped", count: Number(skippedCount) });
  if (isGap) documents.push({ type: "gap" });
  return documents.map((each) => jsonText(each));
}
