import { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { asksForJson, FORMATS, formatOf } from "./format.ts";

function formatFor(...args: readonly string[]): string {
  let format = "";
  const program = new Command().addOption(new Option("-o, --output <format>").choices(FORMATS));
  program
    .command("list")
    .option("--json")
    .option("--csv")
    .action((_, command: Command) => {
      format = formatOf(command);
    });
  program.parse(["list", ...args], { from: "user" });
  return format;
}

describe("the format", () => {
  it.each([
    [[], "table"],
    [["--output", "csv"], "csv"],
    [["-o", "ndjson"], "ndjson"],
    [["--json"], "json"],
    [["--csv"], "csv"],
    [["--json", "--output", "json"], "json"],
  ])("of %j is %s", (args, format) => {
    expect(formatFor(...args)).toBe(format);
  });

  it("is one of them", () => {
    expect(() => formatFor("--json", "--output", "csv")).toThrow(/csv and json: give one/);
  });

  it.each([
    [["query", "x", "--json"], true],
    [["--output=json", "query"], true],
    [["query", "--output", "ndjson"], true],
    [["query", "-ojson"], true],
    [["query", "--output", "csv"], false],
    [["query", "json"], false],
  ])("of errors is known before anything is parsed: %j", (args, expected) => {
    expect(asksForJson(args)).toBe(expected);
  });
});
