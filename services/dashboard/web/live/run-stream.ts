import { type Problem, problemOf } from "../rpc/problem.ts";
import { backoffMs, pause } from "./backoff.ts";
import { report } from "./connection.ts";

/** A stream that is opened again whenever it ends. */
export type StreamOptions<T> = {
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly onMessage: (message: T) => void;
  /** Called with what ended the stream for good: a wrong question, or the end of the session. */
  readonly onEnd: (problem: Problem) => void;
  /** A stream that brings nothing for so long is opened anew, in milliseconds; absent where silence says nothing. */
  readonly silenceMs?: number;
  readonly signal: AbortSignal;
};

/** Keeps a stream open until the signal aborts. Losses are reported to the connection, and healed with ever longer pauses. */
export async function runStream<T>(options: StreamOptions<T>): Promise<void> {
  const { signal } = options;
  const stream = {};
  let failures = 0;
  const onMessage = (message: T): void => {
    failures = 0;
    report(stream, { state: "open" });
    options.onMessage(message);
  };
  while (!signal.aborted) {
    const problem = await once(options, onMessage);
    if (signal.aborted) break;
    if (problem !== undefined && problem.kind !== "away") {
      options.onEnd(problem);
      break;
    }
    failures += 1;
    const now = new AbortController();
    const waitMs = Math.max(backoffMs(failures, Math.random()), problem?.retryAfterMs ?? 0);
    report(stream, { state: "lost", nextMs: Date.now() + waitMs, retry: () => now.abort() });
    await pause(waitMs, AbortSignal.any([signal, now.signal]));
  }
  report(stream, undefined);
}

/** Opens the stream once, until it ends, is silent for too long, or another network is there; gives why it ended, or undefined when the server ended it in peace. */
async function once<T>(options: StreamOptions<T>, onMessage: (message: T) => void): Promise<Problem | undefined> {
  const silence = new AbortController();
  const onNetwork = (): void => silence.abort();
  window.addEventListener("online", onNetwork);
  const wait = (): ReturnType<typeof setTimeout> | undefined =>
    options.silenceMs === undefined ? undefined : setTimeout(() => silence.abort(), options.silenceMs);
  let timer = wait();
  try {
    for await (const message of options.open(AbortSignal.any([options.signal, silence.signal]))) {
      clearTimeout(timer);
      timer = wait();
      onMessage(message);
    }
    return undefined;
  } catch (error) {
    return problemOf(error);
  } finally {
    clearTimeout(timer);
    window.removeEventListener("online", onNetwork);
  }
}
