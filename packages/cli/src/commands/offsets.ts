import { readFileSync } from "node:fs";
import { Failure } from "@millrace/failure";
import type { RewindPlan, RewindTarget } from "@millrace/migration";
import type { Command } from "commander";
import { type Format, formatOf } from "../output/format.ts";
import { labelledLine } from "../output/labelled-line.ts";
import { print, printJson } from "../output/print.ts";
import { layOut, type TableColumn, terminalWidth } from "../output/table.ts";
import { wantsColor } from "../terminal/color.ts";
import { parseTime } from "../time-text.ts";
import { zoneNamed } from "../zoned-time.ts";

const NOTES = `
Where Kafka is it takes from the variables that processing has: MILLRACE_KAFKA_BROKERS,
MILLRACE_KAFKA_TOPIC, MILLRACE_KAFKA_GROUP and their siblings.

Examples:
  millrace offsets show
  millrace offsets show --output json > offsets-before-snapshot.json
  millrace offsets rewind --to offsets-before-snapshot.json
  millrace offsets rewind --to offsets-before-snapshot.json --yes

Write the offsets down before a snapshot of Cassandra is begun, and keep both together. When the
snapshot is put back, rewind to them with every processor stopped: what was folded since is folded
again, to the same numbers.

Exit codes: 0 shown, done, or could be done; 1 it must not be done; 2 wrong usage or configuration,
3 Kafka could not be reached.`;

const COLUMNS: readonly TableColumn[] = [
  { title: "partition", align: "right" },
  { title: "kept from", align: "right" },
  { title: "committed", align: "right" },
  { title: "end", align: "right" },
  { title: "lag", align: "right" },
];
const STEPS: readonly TableColumn[] = [
  { title: "partition", align: "right" },
  { title: "from", align: "right" },
  { title: "to", align: "right" },
  { title: "records again", align: "right" },
  { title: "oldest of them" },
];
const WIDTHS = { level: "problem".length, name: "rewind".length };

type ShowOptions = { readonly group?: string };
type RewindOptions = ShowOptions & { readonly to?: string; readonly toTime?: string; readonly yes?: true };

/** `millrace offsets`. */
export function addOffsetsCommand(program: Command): void {
  const offsets = program
    .command("offsets")
    .description("How far processing is in the topic of events; going back, after a backup was put back.")
    .addHelpText("after", NOTES);
  offsets
    .command("show")
    .description("Show what is committed for each partition; with --output json, what `rewind` takes.")
    .option("--group <name>", "the processors' group, in place of MILLRACE_KAFKA_GROUP")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action((options: ShowOptions, command: Command) => show(options, command));
  offsets
    .command("rewind")
    .description("Go back to offsets that were written down. Without --yes it only says what it would do.")
    .option("--to <file>", "what `offsets show --output json` printed before the snapshot; - reads standard input")
    .option("--to-time <time>", "records that were appended from then on (UTC); for want of a file")
    .option("-y, --yes", "do it")
    .option("--group <name>", "the processors' group, in place of MILLRACE_KAFKA_GROUP")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action((options: RewindOptions, command: Command) => rewindTo(options, command));
}

async function show(options: ShowOptions, command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  // Kafka's client is loaded by these commands alone.
  const { groupOffsets } = await import("@millrace/migration");
  const { partitions, topic, generation, group, groupId, members } = await groupOffsets(environmentOf(options));
  if (format !== "table") {
    const rows = partitions.map(({ committed = null, ...rest }) => ({ ...rest, committed }));
    printJson(
      { topic, generation, group, groupId, members, takenAt: new Date().toISOString(), partitions: rows },
      format,
    );
    return;
  }
  const rows = partitions.map(({ partition, first, committed, end }) =>
    [partition, first, committed ?? "-", end, end - Math.max(first, committed ?? 0)].map(String),
  );
  print(`${topic}, generation ${generation}; group ${groupId}, ${members} members\n`);
  print(layOut(COLUMNS, rows, { width: terminalWidth(), isColored: wantsColor() }));
}

async function rewindTo(options: RewindOptions, command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const { rewind, parseSavedOffsets } = await import("@millrace/migration");
  const target = targetOf(options, parseSavedOffsets);
  const isDryRun = options.yes !== true;
  const { isDone, ...plan } = await rewind(environmentOf(options), target, { nowMs: Date.now(), isDryRun });
  tell(plan, isDone, format);
  if (plan.problems.length > 0) process.exitCode = 1;
}

function tell(plan: RewindPlan, isDone: boolean, format: Format): void {
  if (format !== "table") {
    const steps = plan.steps.map(({ oldestMs, ...step }) => {
      return { ...step, oldest: oldestMs === undefined ? null : new Date(oldestMs).toISOString() };
    });
    printJson({ groupId: plan.groupId, done: isDone, problems: plan.problems, steps }, format);
    return;
  }
  const rows = plan.steps.map(({ partition, from, to, oldestMs }) => {
    const oldest = from === to || oldestMs === undefined ? "" : new Date(oldestMs).toISOString();
    return [String(partition), String(from), String(to), String(from - to), oldest];
  });
  if (rows.length > 0) print(`${layOut(STEPS, rows, { width: terminalWidth(), isColored: wantsColor() })}\n`);
  for (const text of plan.problems) print(labelledLine({ level: "problem", name: "rewind", text }, "red", WIDTHS));
  if (plan.problems.length > 0) return;
  const text = isDone ? `the group ${plan.groupId} begins there` : "nothing is changed yet; give --yes to do it";
  print(labelledLine({ level: isDone ? "done" : "ok", name: "rewind", text }, "green", WIDTHS));
}

function targetOf(
  { to, toTime }: RewindOptions,
  parse: typeof import("@millrace/migration").parseSavedOffsets,
): RewindTarget {
  if ((to === undefined) === (toTime === undefined)) {
    throw Failure.invalidField("--to", "give --to with a file, or --to-time, and one of them");
  }
  if (toTime !== undefined) {
    const moment = parseTime(toTime, zoneNamed("UTC"));
    if (moment === undefined) throw Failure.invalidField("--to-time", `"${toTime}" is no time`);
    return { timeMs: moment.seconds * 1_000 + Math.floor(moment.nanos / 1e6) };
  }
  return { saved: parse(textOf(to!)) };
}

function environmentOf({ group }: ShowOptions): NodeJS.ProcessEnv {
  return group === undefined ? process.env : { ...process.env, MILLRACE_KAFKA_GROUP: group };
}

function textOf(path: string): string {
  try {
    return readFileSync(path === "-" ? process.stdin.fd : path, "utf8");
  } catch (cause) {
    throw new Failure("invalid", "FIELD_INVALID", `--to: ${path} can not be read`, { cause });
  }
}
