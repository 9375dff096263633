import { onTestFailed, onTestFinished } from "vitest";
import { launchMillrace, type Millrace, type MillraceOptions } from "./millrace.ts";

const SHOWN_CHARACTERS = 20_000;

/**
 * Starts a Millrace for the test that runs now. When the test ends, so does the process, and its directory goes; when
 * it fails, what the process wrote is shown.
 */
export async function startMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  const millrace = await launchMillrace(options);
  onTestFailed(() => {
    process.stderr.write(`\n── what the server wrote\n${millrace.output.slice(-SHOWN_CHARACTERS)}\n`);
  });
  onTestFinished(() => millrace.dispose());
  return millrace;
}
