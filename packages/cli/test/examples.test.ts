/** Every example of every command's help is parsed as it stands there, so that none rots. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../src/program.ts";

type Example = { readonly path: string; readonly line: string };

function commandsOf(command: Command, path: readonly string[] = []): (readonly [string, Command])[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== "help");
  return visible.flatMap((each) => {
    const name = [...path, each.name()];
    return [[name.join(" "), each] as const, ...commandsOf(each, name)];
  });
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The lines below "Examples:" that are commands; continued lines are one. */
function examplesOf(path: string, help: string): Example[] {
  const [, below = ""] = help.split("Examples:\n");
  const lines = below.replaceAll(/\\\n\s*/g, "").split("\n");
  return lines.filter((line) => /^ {2}.*\bmillrace [a-z]/.test(line)).map((line) => ({ path, line: line.trim() }));
}

/** What a shell makes of a line: the words of its `millrace`, up to a pipe or a redirection. */
function wordsOf(line: string): string[] {
  const [, typed = ""] = /\bmillrace (.*?)\)?$/.exec(line) ?? [];
  const words: string[] = [];
  for (const [, double, single, plain] of typed.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']\S*)/g)) {
    if (plain !== undefined && /^(\||>|<|&&)/.test(plain)) break;
    words.push(double ?? single ?? plain ?? "");
  }
  return words;
}

/** A program that parses, and does nothing. */
function idleProgram(): Command {
  const program = createProgram();
  for (const [, command] of commandsOf(program)) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
  }
  return program.exitOverride().configureOutput({ writeErr: () => {} });
}

const commands = commandsOf(createProgram());
const examples = commands.flatMap(([path, command]) => examplesOf(path, helpOf(command)));

describe("the examples of the help", () => {
  it.each(examples)("$path: $line", async ({ line }) => {
    await expect(idleProgram().parseAsync(wordsOf(line), { from: "user" })).resolves.toBeDefined();
  });

  it("are there for each command, itself or with those it belongs to", () => {
    const without = commands.filter(([path]) => {
      const [group = ""] = path.split(" ");
      return !examples.some((example) => example.path === path || example.path === group);
    });
    expect(without.map(([path]) => path)).toEqual([]);
  });
});
