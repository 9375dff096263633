/** The exit code of what somebody interrupted. */
export const EXIT_INTERRUPTED = 130;

/** What stops at a signal. */
export type Stop = {
  readonly stop: AbortController;
  /** Whether a signal came; false where something else aborted. */
  readonly isInterrupted: () => boolean;
};

/** A first Ctrl-C, or SIGTERM, stops; a second one ends the process. */
export function stopAtSignals(): Stop {
  const stop = new AbortController();
  let interrupted = false;
  function interrupt(): void {
    if (interrupted) process.exit(EXIT_INTERRUPTED);
    interrupted = true;
    stop.abort();
  }
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return { stop, isInterrupted: () => interrupted };
}
