import { Failure } from "@millrace/failure";

/** The result of an append; once the signal aborts, `unknownOutcome`, since the append goes on. */
export function abortable<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result;
  return new Promise((resolve, reject) => {
    const aborted = () => {
      const message = "The wait for the append was given up.";
      reject(new Failure("unknownOutcome", "CANCELLED", message, { cause: signal.reason }));
    };
    signal.addEventListener("abort", aborted, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
