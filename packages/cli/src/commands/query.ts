import { clone } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { type Result, ResultSchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import { type Command, Option } from "commander";
import type { Connection } from "../connection.ts";
import { resultChart } from "../output/chart/result-chart.ts";
import { type Format, formatOf } from "../output/format.ts";
import { print, printJson } from "../output/print.ts";
import { MORE_ROWS, resultCsv, resultDocument, resultLines, resultTable } from "../output/result.ts";
import { buildQuery, COMPARISONS, GRANULARITIES, type QueryInit, type QueryOptions } from "../query/build-query.ts";
import { everyFor } from "../query/every.ts";
import { chartOptions } from "../terminal/space.ts";
import { collect, connectionOf, list, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace query page_views visitors --last 7d --every 1d
  millrace query page_views --by page --limit 10
  millrace query revenue orders --from 2011-01-01 --to 2012-01-01 --every month --time-zone Europe/London
  millrace query requests latency.p95 --by route --where "status>=500" --last 90m
  millrace query page_views --last 24h --every 1h --compare previous-period --chart
  millrace query revenue --by country --last 1mo --output csv

Conditions: country=DE, country!=DE, "country=DE|AT" (one of), page~blog (contains), page^=/docs (starts with),
  "status>=500" (also >, <, <=), "plan?" (is there). All of them must hold.
Ranges: --last counts the current minute, hour, day, week or month as one. --from and --to take dates (midnight in the
  time zone) and times such as 2026-01-31T08:00; --to is exclusive.
What can be asked: millrace metric list, millrace rollup list.
Standard output has only the data with --output json ({"rows": [...], "meta": {...}}; sums are strings of exact
  decimals), ndjson (a row a line) and csv; notices then go to standard error. --json and --csv are short for these.
Charts are as wide as the terminal, and 80 columns in files and pipes; in ASCII where the locale is not UTF-8.`;

type Options = QueryOptions & { readonly all?: boolean; readonly chart?: boolean };

const ROWS_MAX = 1_000_000;
const PAGE_ROWS = 10_000;

/** `millrace query`. */
export function addQueryCommand(program: Command): void {
  program
    .command("query")
    .argument("<metrics...>", "what to ask for; quantiles as NAME.p95")
    .description("Ask what was counted.")
    .option("--by <dimensions>", "break down by these, separated by commas", list)
    .option("--last <span>", "the last 90m, 24h, 7d, 4w, 3mo (default: 24h)")
    .option("--from <time>", "the beginning, inclusive")
    .option("--to <time>", "the end, exclusive (default: now)")
    .addOption(new Option("--every <width>", "one row for each").choices(Object.keys(GRANULARITIES)))
    .option("--where <condition>", "what counts; may be repeated", collect)
    .option("--order <field[:asc|desc]>", "the order of the rows; may be repeated", collect)
    .option("--limit <n>", "at most so many rows, or series with --every and --by (default: 1,000)", whole)
    .addOption(new Option("--compare <with>", "another range beside it").choices(Object.keys(COMPARISONS)))
    .option("--time-zone <zone>", "of days and of --from and --to (default: the project's)")
    .option("--all", "every row, however many pages there are")
    .option("--chart", "draw charts: columns and lines over time, bars of a breakdown")
    .addOption(new Option("--json", "short for --output json").conflicts(["csv", "chart"]))
    .addOption(new Option("--csv", "short for --output csv").conflicts("chart"))
    .addHelpText("after", NOTES)
    .action(async (metrics: string[], options: Options, command: Command) => {
      await runQuery(
        connectionOf(command),
        metrics.flatMap((each) => list(each)),
        options,
        formatOf(command),
      );
    });
}

async function runQuery(
  connection: Connection,
  metrics: readonly string[],
  options: Options,
  format: Format,
): Promise<void> {
  const { project } = connection;
  const isChart = options.chart === true;
  if (isChart && format !== "table") throw Failure.invalidField("--chart", `it is for people: not with ${format}`);
  async function projectZone(): Promise<string> {
    const response = await connection.client(ProjectService, "ask").getProject({ projectId: project });
    return response.project?.timeZone || "UTC";
  }
  const context = { project, nowMs: Date.now(), projectZone };
  let query = await buildQuery(metrics, options, context);
  // One value is no chart: over the time, then.
  if (isChart && options.by === undefined && options.every === undefined) {
    query = { ...query, granularity: everyFor(query.timeRange) };
  }
  const client = connection.client(ReportingService, "ask");
  const result = options.all === true ? await everyPage(client, query) : await onePage(client, query);
  // Whoever set a limit knows that there may be more.
  const hints = result.nextPageToken !== "" && options.limit === undefined ? [MORE_ROWS] : [];
  if (format === "table")
    return print(isChart ? resultChart(result, hints, chartOptions()) : resultTable(result, hints));
  if (format === "json") return printJson(resultDocument(result));
  process.stdout.write(format === "csv" ? resultCsv(result) : resultLines(result));
  for (const notice of [...result.notices, ...hints]) process.stderr.write(`${notice}\n`);
}

async function onePage(client: Client<typeof ReportingService>, query: QueryInit): Promise<Result> {
  const { result } = await client.query({ query });
  if (result === undefined) throw new Failure("internal", "INTERNAL", "the server gave no result");
  return result;
}

async function everyPage(client: Client<typeof ReportingService>, query: QueryInit): Promise<Result> {
  const paged = { ...query, limit: query.limit || PAGE_ROWS };
  const whole = clone(ResultSchema, await onePage(client, paged));
  while (whole.nextPageToken !== "") {
    const page = await onePage(client, { ...paged, pageToken: whole.nextPageToken });
    whole.rows.push(...page.rows);
    whole.nextPageToken = page.nextPageToken;
    // What holds for every page is the least that held for one.
    if (earlier(page.watermark, whole.watermark)) whole.watermark = page.watermark!;
    for (const notice of page.notices) if (!whole.notices.includes(notice)) whole.notices.push(notice);
    if (whole.rows.length > ROWS_MAX) {
      throw new Failure(
        "outOfRange",
        "RESULT_TOO_LARGE",
        `the answer has more than ${ROWS_MAX} rows: narrow the question`,
      );
    }
  }
  return whole;
}

function earlier(a: Result["watermark"], b: Result["watermark"]): boolean {
  if (a === undefined || b === undefined) return false;
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}
