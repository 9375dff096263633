import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import type { Logger } from "../log/logger.ts";

const PAUSE_MS_FIRST = 200;
const PAUSE_MS_MAX = 5_000;

/** How to wait for a server. */
export type UntilAvailableOptions = {
  readonly log: Logger;
  /** Ends the wait: the last failure is then thrown. */
  readonly signal?: AbortSignal;
};

/**
 * Opens what may not be there yet, as servers that are started together come up in any order: repeats `open` while it
 * fails with `unavailable`, with growing pauses, saying so in the log. Any other failure is thrown.
 */
export async function untilAvailable<T>(open: () => Promise<T>, { log, signal }: UntilAvailableOptions): Promise<T> {
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "unavailable" || signal?.aborted) throw error;
      log.warn({ cause: error.cause instanceof Error ? error.cause.message : undefined }, `waiting: ${error.message}`);
      // Only the signal rejects it, which is looked at next.
      await delay(pauseMs, undefined, signal && { signal }).catch(() => {});
      if (signal?.aborted) throw error;
    }
  }
}
