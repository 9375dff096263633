import { realpathSync } from "node:fs";
import { Argument, type Command } from "commander";
import { type Candidate, type Completions, complete } from "../completion/complete.ts";
import { namesOf } from "../completion/names.ts";
import { completionScript, FILES_MARK, SHELLS, type Shell } from "../completion/scripts.ts";
import { formatOf } from "../output/format.ts";
import { print, printJson } from "../output/print.ts";
import { printable } from "../output/text-width.ts";
import { commandName } from "../terminal/invocation.ts";

const NOTES = `
Examples:
  source <(millrace completion bash)
  millrace completion bash >> ~/.bashrc
  millrace completion zsh > "\${fpath[1]}/_millrace"
  millrace completion fish > ~/.config/fish/completions/millrace.fish

It completes commands, flags and their values; names of projects, metrics and
dimensions are asked from the server, for at most half a second. Where millrace
is not on the path, make it a function of your shell first (zsh would look for
the completion of npx behind an alias):
  millrace() { npx millrace "$@"; }     in bash and zsh
  alias millrace='npx millrace'         in fish`;

/** `millrace completion`, and what its scripts call. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .description("Print a script that teaches a shell to complete millrace.")
    .addHelpText("after", NOTES)
    .action((shell: Shell, _options: unknown, command: Command) => printScript(shell, command));
  program
    .command("__complete", { hidden: true })
    .argument("<shell>")
    .argument("[words...]")
    .allowUnknownOption()
    .action((shell: Shell, words: readonly string[]) => printCompletions(program, shell, words));
}

function printScript(shell: Shell, command: Command): void {
  const format = formatOf(command, ["table", "json", "ndjson"]);
  const script = completionScript(shell, callText());
  if (format === "table") print(script.trimEnd());
  else printJson({ shell, script }, format);
}

async function printCompletions(program: Command, shell: Shell, words: readonly string[]): Promise<void> {
  const asked = shell === "bash" ? joined(words) : words;
  const completions = await complete(program, asked, namesOf);
  // Bash replaces only what stands behind its last break.
  const cut = shell === "bash" ? brokenBefore(asked.at(-1) ?? "", words.at(-1) ?? "") : 0;
  for (const line of linesOf(completions, shell, cut)) print(line);
  // A connection that is still open must not keep the shell waiting.
  process.exit(0);
}

function linesOf(completions: Completions, shell: Shell, cut: number): readonly string[] {
  if (completions === "files") return [FILES_MARK];
  return completions.map((each) => lineOf(each, shell, cut));
}

function lineOf({ value, description = "" }: Candidate, shell: Shell, cut: number): string {
  if (shell === "bash") return value.slice(cut);
  return `${value}\t${printable(description.replace(/\s+/g, " "))}`;
}

/** Puts together what bash broke: `--every`, `=`, `1h` is one word, and so is what has colons. */
function joined(words: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let goesOn = false;
  for (const word of words) {
    const isBreak = word === "=" || word === ":";
    if ((isBreak || goesOn) && whole.length > 0) whole[whole.length - 1] += word;
    else whole.push(word);
    goesOn = isBreak;
  }
  return whole;
}

/** How many characters of a word stand before the part that bash completes. */
function brokenBefore(whole: string, last: string): number {
  return last === "=" || last === ":" ? whole.length : whole.length - last.length;
}

/** How a script calls this command line: by its name where a shell finds it, else by its path. */
function callText(): string {
  const [node = "node", script = "millrace"] = process.argv;
  // npx runs a link in its cache, which may be emptied.
  return commandName() === "millrace" ? "millrace" : `${quoted(node)} ${quoted(pathOf(script))}`;
}

function pathOf(script: string): string {
  try {
    return realpathSync(script);
  } catch {
    return script;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
