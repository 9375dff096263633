import type { Command } from "commander";
import { connectionOf } from "./commands/options.ts";
import { errorDocument, exitCodeOf, explain } from "./explain-error.ts";
import { projectHint } from "./nearest-project.ts";
import { asksForJson } from "./output/format.ts";
import { jsonText } from "./output/json-text.ts";
import { printableLines } from "./output/text-width.ts";
import { createProgram } from "./program.ts";
import { endBySignals } from "./terminal/first-process.ts";
import { typable } from "./terminal/invocation.ts";

// Whoever reads the output may have read enough: `millrace query ... | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

endBySignals(process);

const hasJsonErrors = asksForJson(process.argv.slice(2));
let running: Command | undefined;

createProgram({ hasJsonErrors })
  .hook("preAction", (_, command) => {
    running = command;
  })
  .parseAsync(process.argv)
  .catch(async (error: unknown) => {
    const command = running;
    const hint = command === undefined ? undefined : await projectHint(error, () => connectionOf(command));
    const text = hasJsonErrors ? jsonText(errorDocument(error, hint)) : printableLines(typable(explain(error, hint)));
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCodeOf(error);
  });
