import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import { Connection } from "../connection.ts";
import { type GlobalOptions, isLocal } from "../context/target.ts";
import { RATE_MAX } from "../demo/rate.ts";
import type { DemoOptions, DemoResult } from "../demo/run-demo.ts";
import { counted, type Totals } from "../demo/totals.ts";
import { parseDuration } from "../duration.ts";
import { formatOf } from "../output/format.ts";
import { elapsed, grouped } from "../output/number-text.ts";
import { print, printJson } from "../output/print.ts";
import { typable } from "../terminal/invocation.ts";
import { EXIT_INTERRUPTED, stopAtSignals } from "../terminal/stop-at-signals.ts";

const NOTES = `
Examples:
  millrace demo
  millrace demo --backfill 7d --rate 2
  millrace demo --backfill 30d --rate 1 --duration 0s
  millrace demo --project playground --duration 10m --seed another-site

It plays a web site: visits from search engines, links and campaigns, of people
in several countries with browsers of every kind, by day and by night; new
ones, some that come again, crawlers; page views from landing page to pricing,
docs and blog, signups and orders. They count in the metrics of the template
web; where one of signups, orders and revenue is missing, it is made, with
rollups by country, product and plan. Without --project it plays into "demo",
which it makes where it is missing.

The same seed plays the same events with the same ids at the same time. So
--backfill sends what is missing of the past and doubles nothing, however often
it runs; old events need a key with the scope import, which is made where the
administrator's key is known. --rate is the average of a week: nights are
quieter. A server elsewhere than on this computer must be named by --url or
--context: what was played into it can not be taken out again.

Exit codes: 1 an event was rejected or could not be sent, 130 interrupted.`;

const DEFAULT_PROJECT = "demo";
const DURATION_DAYS_MAX = 400;
const DAY_MS = 86_400_000;

type Options = {
  readonly rate: string;
  readonly duration?: string;
  readonly backfill?: string;
  readonly seed: string;
};

/** `millrace demo`. */
export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("Play the traffic of a web site into a project, so that there is something to look at.")
    .option("--rate <n>", `events a second on average, more than 0, at most ${RATE_MAX}`, "5")
    .option("--duration <duration>", "for how long, such as 30s or 2h (default: until Ctrl-C)")
    .option("--backfill <duration>", "send the past first, such as 7d")
    .option("--seed <text>", "another one plays another site", "millrace")
    .addHelpText("after", NOTES)
    .action(demo);
}

async function demo(options: Options, command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const given = command.optsWithGlobals<GlobalOptions>();
  const named = new Connection(given);
  refuseByAccident(named, given);
  const isKeyGiven = named.target.key !== undefined;
  const project = named.target.project ?? (isKeyGiven ? undefined : DEFAULT_PROJECT);
  const connection = new Connection({ ...given, ...(project !== undefined && { project }) });
  const played = demoOptions(options);
  const say = (line: string) => void process.stderr.write(`${line}\n`);

  const { stop, isInterrupted } = stopAtSignals();
  // Sites and the SDK are loaded by this command alone.
  const [{ ensureDemoProject }, { runDemo }] = await Promise.all([
    import("../demo/ensure-project.ts"),
    import("../demo/run-demo.ts"),
  ]);
  await ensureDemoProject(connection, say);
  const where = connection.project === "" ? "" : ` --project ${connection.project}`;
  say(
    `Playing ${played.rate} events/s into ${connection.project || "the key's project"} at ${connection.url}. Ctrl-C ends it.`,
  );
  say(`  Page      ${connection.url}/  (${typable("millrace open")} signs you in)`);
  say(`  Terminal  ${typable(`millrace watch page_views${where}`)}`);
  const result = await runDemo(connection, played, { stop, now: Date.now });
  if (format !== "table") printJson(documentOf(connection.project, result), format);
  else print(summaryOf(result, isInterrupted()));
  if (isInterrupted()) process.exitCode = EXIT_INTERRUPTED;
  else if (result.sent.unsent > 0 || Object.keys(result.sent.rejected).length > 0) process.exitCode = 1;
}

/** Invented traffic in a real site's numbers can not be taken out again, so a server elsewhere must be meant. */
function refuseByAccident({ target }: Connection, given: GlobalOptions): void {
  if (isLocal(target.url) || given.url !== undefined || given.context !== undefined) return;
  const message = `this would play into ${target.url} (from ${target.urlFrom}): if you mean that, say it with --url or --context`;
  throw new Failure("invalid", "FIELD_INVALID", message);
}

function demoOptions({ rate, duration, backfill, seed }: Options): DemoOptions {
  const perSecond = Number(rate);
  if (!(perSecond > 0 && perSecond <= RATE_MAX)) {
    throw Failure.invalidField(
      "--rate",
      `"${rate}" is not a number of events a second: more than 0, at most ${RATE_MAX}`,
    );
  }
  return {
    seed,
    rate: perSecond,
    durationMs: duration === undefined ? undefined : span("--duration", duration),
    backfillMs: backfill === undefined ? 0 : span("--backfill", backfill),
  };
}

function span(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms <= DURATION_DAYS_MAX * DAY_MS) return ms;
  throw Failure.invalidField(option, `${text} is longer than ${DURATION_DAYS_MAX}d`);
}

function summaryOf({ backfill, live, sent, ms }: DemoResult, isInterrupted: boolean): string {
  const settled = sent.accepted + sent.duplicate;
  const lines = [`${isInterrupted ? "Interrupted" : "Done"} after ${elapsed(ms)}: sent ${counted(settled, "event")}.`];
  if (backfill.events > 0) lines.push(`  past    ${backfill.text}`);
  if (live.events > 0) lines.push(`  live    ${live.text}`);
  if (sent.duplicate > 0)
    lines.push(`  ${grouped(sent.duplicate)} of them had been sent before; nothing counts twice.`);
  for (const [reason, count] of Object.entries(sent.rejected)) lines.push(`  rejected: ${grouped(count)} ${reason}`);
  if (sent.unsent > 0) lines.push(`  ${grouped(sent.unsent)} could not be sent.`);
  if (isInterrupted && backfill.events > 0 && live.events === 0) {
    lines.push("The past is not whole: the same command goes on, and nothing counts twice.");
  }
  return lines.join("\n");
}

function documentOf(project: string, { backfill, live, sent, ms }: DemoResult) {
  return { project, ...sent, seconds: Math.round(ms) / 1_000, backfill: totalsOf(backfill), live: totalsOf(live) };
}

function totalsOf({ events, pageViews, visits, signups, orders, revenue }: Totals) {
  return { events, pageViews, visits, signups, orders, revenue };
}
