import type { Command } from "commander";
import { formatOf } from "../output/format.ts";
import { print, printJson } from "../output/print.ts";
import type { Proof } from "../selftest/prove.ts";
import { connectionOf, whole } from "./options.ts";

const EVENTS = 1_000;
const EVENTS_MAX = 100_000;
const SECONDS = 240;
const SECONDS_MAX = 3_600;

const NOTES = `
Examples:
  millrace selftest
  millrace selftest --events 10000 --output json

It needs the administrator's key. The events go to a project of their own,
millrace-selftest, which the first test makes; each has an id and is sent at
least twice. The answer is waited for that holds everything that was accepted,
and must then say exactly what was sent, to the last cent.

Exit codes: 0 the report is exact, 1 it is not, 3 it did not come in time.`;

type Options = { readonly events: number; readonly timeout: number };

/** `millrace selftest`. */
export function addSelftestCommand(program: Command): void {
  program
    .command("selftest")
    .description("Send events, all of them twice, and compare the report with what was sent.")
    .option("--events <count>", `how many different ones, 1 to ${EVENTS_MAX}`, whole, EVENTS)
    .option("--timeout <seconds>", `how long it may take, at most ${SECONDS_MAX}`, whole, SECONDS)
    .addHelpText("after", NOTES)
    .action((options: Options, command: Command) => selftest(options, command));
}

async function selftest({ events, timeout }: Options, command: Command): Promise<void> {
  if (events < 1 || events > EVENTS_MAX) command.error(`error: --events must be from 1 to ${EVENTS_MAX}`);
  if (timeout > SECONDS_MAX) command.error(`error: --timeout must be at most ${SECONDS_MAX}`);
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const say = (line: string) => (format === "table" ? print(line) : undefined);
  const signal = AbortSignal.timeout(timeout * 1_000);
  const { prove } = await import("../selftest/prove.ts");
  const proof = await prove(connectionOf(command), { events, signal, say });
  if (format === "table") for (const line of linesOf(proof)) print(line);
  else printJson(proof, format);
  if (proof.differences.length > 0) process.exitCode = 1;
}

function linesOf({ events, differences, elapsedMs }: Proof): readonly string[] {
  const seconds = (elapsedMs / 1_000).toFixed(1);
  if (differences.length === 0)
    return [`Exact: ${events} events were counted once each, ${seconds} s after the first was sent.`];
  return ["The report is wrong:", ...differences.map((difference) => `  ${difference}`)];
}
