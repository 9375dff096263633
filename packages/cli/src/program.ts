import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { addCompletionCommand } from "./commands/completion.ts";
import { addContextCommand } from "./commands/context.ts";
import { addDeadLettersCommand } from "./commands/dead-letters.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addKeyCommand } from "./commands/key.ts";
import { addMetricCommand } from "./commands/metric.ts";
import { addMigrateCommand } from "./commands/migrate.ts";
import { addOffsetsCommand } from "./commands/offsets.ts";
import { addOpenCommand } from "./commands/open.ts";
import { addProjectCommand } from "./commands/project.ts";
import { addQueryCommand } from "./commands/query.ts";
import { addRollupCommand } from "./commands/rollup.ts";
import { addSelftestCommand } from "./commands/selftest.ts";
import { addSendCommand } from "./commands/send.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addTailCommand } from "./commands/tail.ts";
import { addWatchCommand } from "./commands/watch.ts";
import { usageErrorJson } from "./explain-error.ts";
import { FORMATS } from "./output/format.ts";
import { forbidColor } from "./terminal/color.ts";
import { typable } from "./terminal/invocation.ts";

const NOTES = `
Where it connects to, first found first: --url and --key; --context; MILLRACE_URL and MILLRACE_KEY; MILLRACE_CONTEXT, or
the context in use; the credentials that a local server keeps in its data directory (MILLRACE_DATA_DIR, .millrace).

Colours: where the output is a terminal; NO_COLOR=1 and --no-color say no, FORCE_COLOR=1 says yes.

Exit codes: 0 done, 1 failed, 2 wrong usage or a request that was refused, 3 the server could not be reached,
130 interrupted. With --output json errors are JSON too, on standard error.`;

const EXIT_USAGE = 2;

/**
 * The command line.
 *
 * @param options.hasJsonErrors whether a program reads what is wrong with the usage
 */
export function createProgram({ hasJsonErrors = false } = {}): Command {
  const program = new Command("millrace")
    .description("Send events to Millrace, ask what was counted, and manage what is measured.")
    .version(version(), "-V, --version", "print the version")
    .option("--url <url>", "the server's address")
    .option("--key <key>", "an API key")
    .option("--project <id>", "the project; needed where there are several")
    .option("--context <name>", "the server of that name: millrace context")
    .addOption(new Option("-o, --output <format>", "how to print (default: table)").choices(FORMATS))
    .option("--no-color", "no colours")
    .addHelpText("after", NOTES)
    .showHelpAfterError(hasJsonErrors ? false : "(--help shows what can be given)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => process.stdout.write(typable(text)),
      writeErr: (text) => process.stderr.write(typable(text)),
      outputError: (text, write) => write(hasJsonErrors ? usageErrorJson(text) : text),
    })
    .hook("preAction", (_, command) => {
      if (command.optsWithGlobals<{ color: boolean }>().color === false) forbidColor();
    })
    // Wrong usage is told from failures by its code. Commands added from here on inherit this.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  for (const add of [
    addSendCommand,
    addQueryCommand,
    addWatchCommand,
    addTailCommand,
    addOpenCommand,
    addProjectCommand,
    addKeyCommand,
    addMetricCommand,
    addRollupCommand,
    addStatusCommand,
    addDeadLettersCommand,
    addContextCommand,
    addDemoCommand,
    addDoctorCommand,
    addSelftestCommand,
    addMigrateCommand,
    addOffsetsCommand,
    addCompletionCommand,
  ]) {
    add(program);
  }
  return program;
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
