import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type Command, Option } from "commander";
import { formatOf } from "../output/format.ts";
import { buildQuery, GRANULARITIES, type QueryOptions } from "../query/build-query.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { collect, connectionOf, list, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace watch page_views visitors
  millrace watch page_views visitors --by page --every 1m --last 30m
  millrace watch revenue orders --by country --last 1d --where "country=DE|AT"
  millrace watch page_views --by page --output ndjson | head -3

Keys: q quits, space stops the picture for a while. What is on the terminal comes back afterwards, and the last picture
  stays below it. A lost connection shows, and heals by itself.
In files and pipes, and with --output json, csv or ndjson: lines for each update, at first the whole answer, then what
  has changed. JSON has {"type": "whole", "rows"} and {"type": "change", "changed", "removed"}, with the "watermark".
Exit codes: 0 after q, 130 after Ctrl-C.`;

type WatchOptions = Pick<QueryOptions, "by" | "last" | "every" | "where" | "order" | "limit" | "timeZone">;

const LAST = "30m";

/** `millrace watch`. */
export function addWatchCommand(program: Command): void {
  program
    .command("watch")
    .argument("<metrics...>", "what to watch; quantiles as NAME.p95")
    .description("Watch the numbers as they change.")
    .option("--by <dimensions>", "break down by these, separated by commas", list)
    .option("--last <span>", "the last 90m, 24h, 7d, 4w, 3mo", LAST)
    .addOption(
      new Option("--every <width>", "the width of what is drawn over time (default: as suits the range)").choices(
        Object.keys(GRANULARITIES),
      ),
    )
    .option("--where <condition>", "what counts; may be repeated: millrace query --help", collect)
    .option("--order <field[:asc|desc]>", "the order of the rows; may be repeated", collect)
    .option("--limit <n>", "at most so many rows (default: 50)", whole)
    .option("--time-zone <zone>", "of days and times (default: the project's)")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (metrics: string[], options: WatchOptions, command: Command) => {
      await runWatch(
        metrics.flatMap((each) => list(each)),
        options,
        command,
      );
    });
}

async function runWatch(metrics: readonly string[], options: WatchOptions, command: Command): Promise<void> {
  const connection = connectionOf(command);
  const format = formatOf(command);
  async function projectZone(): Promise<string> {
    const response = await connection.client(ProjectService, "ask").getProject({ projectId: connection.project });
    return response.project?.timeZone || "UTC";
  }
  const { project } = connection;
  const query = await buildQuery(metrics, options, { project, nowMs: Date.now(), projectZone });
  const client = connection.client(ReportingService, "ask");
  // A dumb terminal has no cursor to move.
  const isOnScreen = process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
  if (isOnScreen && format === "table") {
    const subject = `${project === "" ? "" : `${project}, `}last ${options.last ?? LAST}`;
    const { watchOnScreen } = await import("../live/watch-screen.ts");
    process.exitCode = await watchOnScreen(client, query, subject);
  } else {
    const { watchInLines } = await import("../live/watch-lines.ts");
    process.exitCode = await untilInterrupted((signal) => watchInLines(client, query, { format, signal }));
  }
}
