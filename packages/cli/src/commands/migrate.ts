import type { Finding, Level, Target } from "@millrace/migration";
import { type Command, Option } from "commander";
import { formatOf } from "../output/format.ts";
import { countedText, labelledLine } from "../output/labelled-line.ts";
import { print, printJson } from "../output/print.ts";
import type { Style } from "../terminal/color.ts";
import { list, whole } from "./options.ts";

const NOTES = `
Where the servers are it takes from the variables that the services have:
MILLRACE_KAFKA_BROKERS, MILLRACE_CASSANDRA_CONTACT_POINTS,
MILLRACE_CASSANDRA_DATA_CENTER and their siblings.

Examples:
  millrace migrate
  millrace migrate --check
  millrace migrate --only kafka --partitions 64
  millrace migrate --replicas 1 --allow replication-factor

It makes the topics of Kafka and the tables of Cassandra where they are missing,
adds what is missing of them, and says what is unsafe. It may run again, twice
at once, and after it was killed; nothing is ever taken away.

Exit codes: 0 everything is as it has to be (there may be warnings), 1 there is
a problem; with --check also when something is missing. 2 wrong usage or
configuration, 3 a server could not be reached.`;

const STYLES: Readonly<Record<Level, Style>> = { done: "green", ok: "green", warning: "yellow", problem: "red" };
const WIDTHS = { level: "problem".length, name: "kafka millrace.dead-letters".length };

type Options = {
  readonly check?: true;
  readonly allow?: readonly string[];
  readonly newGeneration?: true;
  readonly only?: Target;
  readonly partitions?: number;
  readonly replicas?: number;
};

/** `millrace migrate`. */
export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("Prepare Kafka and Cassandra for the services: make what is missing, say what is unsafe.")
    .option("--check", "only look, change nothing")
    .option("--allow <names>", "unsafe settings that are wanted, by name, separated by commas", list)
    .option("--new-generation", "go on with topics that were made anew, or have other partitions than before")
    .addOption(new Option("--only <server>", "only one of them").choices(["kafka", "cassandra"]))
    .option("--partitions <count>", "partitions of the topic of events, where it is made", whole)
    .option("--replicas <count>", "replicas of topics and rows, where they are made (default: 3)", whole)
    .addHelpText("after", NOTES)
    .action((options: Options, command: Command) => run(options, command));
}

async function run({ only, ...options }: Options, command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  // Drivers are loaded by this command alone: the others start without them.
  const { migrate } = await import("@millrace/migration");
  const findings: Finding[] = [];
  const request = { environment: process.env, ...options, ...(only && { targets: [only] }) };
  for await (const finding of migrate(request)) {
    findings.push(finding);
    const { subject: name, level } = finding;
    if (format === "table") print(labelledLine({ ...finding, name }, STYLES[level], WIDTHS));
  }
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (format !== "table") printJson({ problems, warnings, findings }, format);
  else if (problems + warnings === 0) print("\nEverything is as it has to be.");
  else print(`\n${countedText({ problem: problems, warning: warnings })}.`);
  if (problems > 0) process.exitCode = 1;
}
