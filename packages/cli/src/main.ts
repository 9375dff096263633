import { exitCodeOf, explain } from "./explain-error.ts";
import { createProgram } from "./program.ts";

createProgram()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  });
