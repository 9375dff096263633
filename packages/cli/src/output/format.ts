import { Failure } from "@millrace/failure";
import type { Command } from "commander";

/** How commands print: for people, as one JSON document, as comma-separated values, as one JSON document a line. */
export type Format = "table" | "json" | "csv" | "ndjson";

export const FORMATS: readonly Format[] = ["table", "json", "csv", "ndjson"];

type FormatOptions = { readonly output?: Format; readonly json?: boolean; readonly csv?: boolean };

/**
 * The format that a command's options ask for. `--json` and `--csv` are short for `--output json` and `--output csv`.
 *
 * @param some the formats that the command has
 * @throws Failure `invalid`
 */
export function formatOf(command: Command, some: readonly Format[] = FORMATS): Format {
  const { output, json, csv } = command.optsWithGlobals<FormatOptions>();
  const formats = new Set<Format>();
  if (output !== undefined) formats.add(output);
  if (json === true) formats.add("json");
  if (csv === true) formats.add("csv");
  if (formats.size > 1) throw Failure.invalidField("--output", `${[...formats].join(" and ")}: give one of them`);
  const [format = "table"] = formats;
  if (some.includes(format)) return format;
  throw Failure.invalidField("--output", `${command.name()} prints ${some.join(", ")}; not ${format}`);
}

/** Whether a program reads the output, by what was typed: known before anything is parsed. */
export function asksForJson(args: readonly string[]): boolean {
  return args.some((arg, at) => {
    const value = arg === "--output" || arg === "-o" ? args[at + 1] : /^(?:--output=|-o)(.+)$/.exec(arg)?.[1];
    return arg === "--json" || value === "json" || value === "ndjson";
  });
}
