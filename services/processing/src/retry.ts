import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "@millrace/failure";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats work that is safe to repeat until it succeeds, for as long as it takes: events in the log wait, they are never
 * skipped. Pauses grow to 5 seconds, with full jitter so that partitions don't knock all at once.
 *
 * @param work what to do
 * @param stalled told of each failure, and of undefined after a success that followed one
 * @throws what is not worth a repetition (anything but `unavailable`, `unknownOutcome`, `exhausted`, `precondition`), and
 *   the signal's reason when it aborts
 */
export async function retryUntilDone<T>(
  work: () => Promise<T>,
  stalled: (problem: unknown) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (attempt > 0) stalled(undefined);
      return result;
    } catch (error) {
      if (signal.aborted || !isWorthRepeating(error)) throw error;
      stalled(error);
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10)) * Math.random();
      await delay(pause, undefined, { signal });
    }
  }
}

function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof Failure) || error.reason === "CLOSED") return false;
  return ["unavailable", "unknownOutcome", "exhausted", "precondition"].includes(error.kind);
}
