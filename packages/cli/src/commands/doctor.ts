import type { Command } from "commander";
import type { GlobalOptions } from "../context/target.ts";
import type { Check, Level } from "../doctor/check.ts";
import { formatOf } from "../output/format.ts";
import { countedText, labelledLine } from "../output/labelled-line.ts";
import { print, printJson } from "../output/print.ts";
import type { Style } from "../terminal/color.ts";

const NOTES = `
Examples:
  millrace doctor
  millrace doctor --url https://millrace.example.org --key mlr_live_…
  millrace doctor --context prod --output json

It looks at Node, the address (name, connection, HTTP/1.1, HTTP/2 or TLS), the
local server's data directory and ports, the page, the clock, the keys and what
they may do, the releases on both sides, and how counting goes. Every line says
ok, warning or problem, and what to do.

Exit codes: 0 no problem (there may be warnings), 1 a problem.`;

const STYLES: Readonly<Record<Level, Style>> = { ok: "green", warning: "yellow", problem: "red" };
const WIDTHS = { level: "problem".length, name: "protocols".length };

/** `millrace doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("Look for what is wrong between here and the server, and say what to do about it.")
    .addHelpText("after", NOTES)
    .action((_options: unknown, command: Command) => doctor(command));
}

async function doctor(command: Command): Promise<void> {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const checks: Check[] = [];
  const version = command.parent?.version() ?? "";
  const options = command.optsWithGlobals<GlobalOptions>();
  // What looks at everything is loaded by this command alone.
  const { examine } = await import("../doctor/examine.ts");
  for await (const check of examine({ options, environment: process.env, version })) {
    checks.push(check);
    if (format === "table") print(labelledLine(check, STYLES[check.level], WIDTHS));
  }
  const count = (level: Level) => checks.filter((check) => check.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (format !== "table") printJson({ problems, warnings, checks }, format);
  else if (problems + warnings === 0) print("\nEverything is well.");
  else print(`\n${countedText({ problem: problems, warning: warnings })}.`);
  if (problems > 0) process.exitCode = 1;
}
