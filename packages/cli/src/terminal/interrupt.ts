import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs something that Ctrl-C, SIGTERM and SIGHUP end in order.
 *
 * @returns the exit code: 0 when it ended by itself, 128 and the signal's number (130 after Ctrl-C) otherwise
 */
export async function untilInterrupted(run: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const ending = new AbortController();
  let exitCode = 0;
  function end(signal: (typeof SIGNALS)[number]): void {
    // Whoever asks twice does not want to wait.
    if (ending.signal.aborted) process.exit(exitCode);
    exitCode = 128 + constants.signals[signal];
    ending.abort();
  }
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    await run(ending.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
  return exitCode;
}
