import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { Failure } from "@millrace/failure";
import { type Command, Option } from "commander";
import { type FilterOptions, filterOf, REASON_WORDS } from "../dead-letters/letter-filter.ts";
import { lettersTable, letterThing } from "../dead-letters/letter-text.ts";
import { confirmed, redrive } from "../dead-letters/redrive.ts";
import { redriveSummary } from "../dead-letters/redrive-summary.ts";
import { formatOf } from "../output/format.ts";
import { print } from "../output/print.ts";
import { printThing, printThings } from "../output/things.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { everyItem } from "./listing.ts";
import { collect, connectionOf, whole } from "./options.ts";

const NOTES = `
Examples:
  millrace dead-letters list --project shop
  millrace dead-letters show 1:3:70021:0
  millrace dead-letters redrive --reason revision-not-found --dry-run
  millrace dead-letters redrive --all --rate 200

A dead letter is an event that could not be decoded or counted, or a record of the log that could not be read. It is
  named by its place in the log: generation:partition:offset:index. Redriving appends events to the log again,
  with the ids, times and stamps that they had: what counts already becomes a duplicate. What would fail again stays.
Reasons: ${Object.keys(REASON_WORDS).join(", ")}.`;

const PAGE_SIZE = 1_000;
const RATE_MAX = 100_000;

type ListOptions = FilterOptions & { readonly all?: boolean };

type RedriveOptions = FilterOptions & {
  readonly all?: boolean;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly again?: boolean;
  readonly evenLate?: boolean;
  readonly currentRevision?: boolean;
};

/** `millrace dead-letters`. */
export function addDeadLettersCommand(program: Command): void {
  const letters = program
    .command("dead-letters")
    .description("Events that could not be counted: look at them, and redrive them.")
    .addHelpText("after", NOTES);
  filtered(letters.command("list"))
    .description("List the letters that were not redriven, of --project or all.")
    .option("--all", "those that were redriven, too")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (options: ListOptions, command: Command) => list(options, command));
  letters
    .command("show")
    .argument("<id>", "the letter")
    .description("Show a letter: what went wrong, its stamps, its event.")
    .option("--json", "short for --output json")
    .action(async (deadLetterId: string, _: unknown, command: Command) => {
      const { deadLetter } = await connectionOf(command)
        .client(DeadLetterService, "ask")
        .getDeadLetter({ deadLetterId });
      printThing(formatOf(command), letterThing(deadLetter!));
    });
  filtered(letters.command("redrive"))
    .argument("[ids...]", "these letters")
    .description("Append events of letters to the log again.")
    .option("--all", "every letter, of --project or all")
    .option("--rate <n>", `at most so many events a second, 1 to ${RATE_MAX}`, whole, 1_000)
    .option("--dry-run", "only say what would become of them")
    .option("-y, --yes", "do not ask")
    .option("--again", "those that were redriven before, too")
    .option("--even-late", "also events that would be late by now: sent again meanwhile, they could count twice")
    .option("--current-revision", "count with the project's current definitions where the event's are gone")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(async (ids: readonly string[], options: RedriveOptions, command: Command) => {
      process.exitCode = await untilInterrupted((signal) => runRedrive(ids, options, command, signal));
    });
}

function filtered(command: Command): Command {
  const reasons = new Option("--reason <reason>", "letters of this reason; may be repeated")
    .choices(Object.keys(REASON_WORDS))
    .argParser(collect);
  return command
    .addOption(reasons)
    .option("--from <time>", "letters that were kept from here on (UTC)")
    .option("--to <time>", "letters that were kept until here");
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const format = formatOf(command);
  const connection = connectionOf(command);
  const client = connection.client(DeadLetterService, "ask");
  const question = {
    projectId: connection.namedProject,
    filter: filterOf(options),
    includeRedriven: options.all === true,
    pageSize: PAGE_SIZE,
  };
  const letters = await everyItem(async (pageToken) => {
    const page = await client.listDeadLetters({ ...question, pageToken });
    return { items: page.deadLetters, next: page.nextPageToken };
  });
  printThings(format, lettersTable(letters));
}

async function runRedrive(
  ids: readonly string[],
  options: RedriveOptions,
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  const format = formatOf(command);
  const { all, rate = 0, reason, from, to, dryRun = false, yes = false } = options;
  if (ids.length === 0 && !all && reason === undefined && from === undefined && to === undefined) {
    throw new Failure("invalid", "FIELD_INVALID", "say which: ids of letters, --reason, --from, --to, or --all");
  }
  if (rate < 1 || rate > RATE_MAX) throw Failure.invalidField("--rate", `must be 1 to ${RATE_MAX}`);
  const connection = connectionOf(command);
  const client = connection.client(DeadLetterService, "manage");
  const request = {
    projectId: connection.namedProject,
    filter: filterOf(options, ids),
    maxEventsPerSecond: rate,
    includeRedriven: options.again === true,
    allowLate: options.evenLate === true,
    useCurrentRevision: options.currentRevision === true,
  };
  if (dryRun || !yes) {
    const preview = await redrive(client, { ...request, validateOnly: true }, signal);
    if (dryRun || preview.redrivenCount === 0n) return printThing(format, redriveSummary(preview, true));
    if (!(await confirmed(preview))) return print("Nothing was redriven.");
  }
  printThing(format, redriveSummary(await redrive(client, request, signal), false));
}
