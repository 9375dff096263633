import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { isPassing, pause, pauseMs } from "../send/retry.ts";

/** How a stream's connection is: `why` and the pause are of what was lost. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly why: string; readonly pauseMs: number };

/** What following needs. */
export type FollowOptions<Message> = {
  /** Opens the stream. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Message>;
  readonly onMessage: (message: Message) => void;
  readonly onLink: (link: Link) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** From 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
};

/** A person looks at it: no longer than this without an attempt. */
const PAUSE_MS_MAX = 5_000;

/**
 * Follows a stream until the signal ends it: what was lost is opened again, after a pause that grows (full jitter). A
 * server that can not be reached at the very first is an error; so is whatever repeating does not help.
 *
 * @throws ConnectError
 */
export async function follow<Message>(options: FollowOptions<Message>): Promise<void> {
  const { open, onMessage, onLink, signal, random = Math.random } = options;
  let attempt = 0;
  let wasLive = false;
  while (!signal.aborted) {
    let lost: ConnectError | undefined;
    onLink({ state: "connecting" });
    try {
      for await (const message of open(signal)) {
        if (attempt > 0 || !wasLive) onLink({ state: "live" });
        attempt = 0;
        wasLive = true;
        onMessage(message);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isTooLarge(error) || !(isPassing(error) || isBroken(error))) throw error;
      if (!wasLive && isAway(error)) throw error;
      lost = error;
    }
    if (signal.aborted) return;
    attempt += 1;
    const wait = Math.min(PAUSE_MS_MAX, pauseMs(attempt, lost, random()));
    onLink({ state: "lost", why: lost?.rawMessage ?? "the stream ended", pauseMs: wait });
    await pause(wait, signal);
  }
}

/** A stream that broke off in the middle: the client's own finding, which no server's details come with. */
function isBroken(error: unknown): error is ConnectError {
  return (
    error instanceof ConnectError &&
    error.findDetails(ErrorInfoSchema).length === 0 &&
    (error.code === Code.InvalidArgument || error.code === Code.DataLoss)
  );
}

/** The question asks for more than any answer may have; waiting does not help. */
function isTooLarge(error: unknown): boolean {
  return error instanceof ConnectError && error.findDetails(ErrorInfoSchema)[0]?.reason === "RESULT_TOO_LARGE";
}

function isAway(error: ConnectError): boolean {
  return error.code === Code.Unavailable && error.findDetails(ErrorInfoSchema).length === 0;
}
