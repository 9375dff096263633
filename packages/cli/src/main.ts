import { exitCodeOf, explain } from "./explain-error.ts";
import { createProgram } from "./program.ts";

// Whoever reads the output may have read enough: `millrace query ... | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

createProgram()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  });
