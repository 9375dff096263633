import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";

const BASE_MS = 200;
const CEILING_MS = 10_000;

/** Reasons that stay as they are, whatever code they come with. */
const LASTING = new Set(["BATCH_TOO_LARGE", "MESSAGE_TOO_LARGE"]);

/**
 * Whether the same call may succeed later. What does not carry Millrace's own details came from a connection that broke:
 * events have ids, so they can be sent again whatever became of them.
 */
export function isPassing(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError)) return false;
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
  if (reason !== undefined && LASTING.has(reason)) return false;
  switch (error.code) {
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.ResourceExhausted:
      return true;
    case Code.Aborted:
    case Code.Canceled:
    case Code.Internal:
    case Code.Unknown:
      return reason === undefined;
    default:
      return false;
  }
}

/**
 * How long to wait before the next attempt: any time up to a bound that doubles (full jitter, so that many senders don't
 * come back at once), and at least what the server asks for.
 *
 * @param attempt how many attempts have failed, from 1
 * @param random from 0 inclusive to 1 exclusive
 */
export function pauseMs(attempt: number, error: ConnectError | undefined, random: number): number {
  const jittered = random * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt, 10));
  const asked = error?.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (asked === undefined) return jittered;
  return Number(asked.seconds) * 1_000 + asked.nanos / 1_000_000 + jittered;
}

/** Waits; at an abort not to the end. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
