import { Command } from "commander";
import { addContextCommand } from "./commands/context.ts";
import { addKeyCommand } from "./commands/key.ts";
import { addMetricCommand } from "./commands/metric.ts";
import { addProjectCommand } from "./commands/project.ts";
import { addQueryCommand } from "./commands/query.ts";
import { addRollupCommand } from "./commands/rollup.ts";
import { addSendCommand } from "./commands/send.ts";
import { addStatusCommand } from "./commands/status.ts";

const NOTES = `
Where it connects to, first found first: --url and --key; --context; MILLRACE_URL and MILLRACE_KEY; MILLRACE_CONTEXT, or
the context in use; the credentials that a local server keeps in its data directory (MILLRACE_DATA_DIR, .millrace).

Exit codes: 0 done, 1 failed, 2 wrong usage or a request that was refused, 3 the server could not be reached,
130 interrupted.`;

const EXIT_USAGE = 2;

/** The command line. */
export function createProgram(): Command {
  const program = new Command("millrace")
    .description("Send events to Millrace, ask what was counted, and manage what is measured.")
    .option("--url <url>", "the server's address")
    .option("--key <key>", "an API key")
    .option("--project <id>", "the project; needed where there are several")
    .option("--context <name>", "the server of that name: millrace context")
    .addHelpText("after", NOTES)
    .showHelpAfterError("(--help shows what can be given)")
    .configureHelp({ showGlobalOptions: true })
    // Wrong usage is told from failures by its code. Commands added from here on inherit this.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  for (const add of [
    addSendCommand,
    addQueryCommand,
    addProjectCommand,
    addKeyCommand,
    addMetricCommand,
    addRollupCommand,
    addStatusCommand,
    addContextCommand,
  ]) {
    add(program);
  }
  return program;
}
