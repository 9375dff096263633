import { Failure } from "@millrace/failure";

/**
 * Waits for work that others may be waiting for too: the signal ends the waiting, not the work.
 *
 * @throws Failure `cancelled` when the signal aborts first
 */
export function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  if (signal.aborted) {
    // Nobody waits for it any more: its failure is no one's.
    work.catch(() => {});
    return Promise.reject(cancelled(signal));
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** The failure of a call whose signal has aborted. */
export function cancelled(signal: AbortSignal): Failure {
  return new Failure("cancelled", "CANCELLED", "the caller gave up waiting for configuration", {
    cause: signal.reason,
  });
}
