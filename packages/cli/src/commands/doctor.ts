import type { Command } from "commander";
import type { GlobalOptions } from "../context/target.ts";
import type { Check, Level } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { formatOf } from "../output/format.ts";
import { print, printJson } from "../output/print.ts";
import { printableLines } from "../output/text-width.ts";
import { painter, type Style, wantsColor } from "../terminal/color.ts";
import { typable } from "../terminal/invocation.ts";

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
const LEVEL_WIDTH = "problem".length;
const NAME_WIDTH = "protocols".length;
const WIDTH_MIN = 30;

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
  for await (const check of examine({ options, environment: process.env, version })) {
    checks.push(check);
    if (format === "table") print(typable(lineOf(check)));
  }
  const count = (level: Level) => checks.filter((check) => check.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (format !== "table") printJson({ problems, warnings, checks }, format);
  else print(verdict(problems, warnings));
  if (problems > 0) process.exitCode = 1;
}

function lineOf({ name, level, text, advice }: Check): string {
  const paint = painter(wantsColor());
  const head = `${paint(STYLES[level], level.padEnd(LEVEL_WIDTH))}  ${name.padEnd(NAME_WIDTH)}  `;
  const indent = LEVEL_WIDTH + NAME_WIDTH + 4;
  const lines = [
    ...wrapped(printableLines(text), indent),
    ...(advice === undefined ? [] : wrapped(typable(advice), indent)),
  ];
  return `${head}${lines.join(`\n${" ".repeat(indent)}`)}`;
}

/** The lines of a text in the rest of a terminal's width; files and pipes get it in one. */
function wrapped(text: string, indent: number): readonly string[] {
  const width = process.stdout.isTTY === true ? Math.max(WIDTH_MIN, process.stdout.columns - indent) : text.length;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function verdict(problems: number, warnings: number): string {
  if (problems === 0 && warnings === 0) return "\nEverything is well.";
  const parts = [counted(problems, "problem"), counted(warnings, "warning")].filter((part) => part !== "");
  return `\n${parts.join(", ")}.`;
}

function counted(count: number, noun: string): string {
  return count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
