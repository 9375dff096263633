import { createMillrace, type Issue, type Millrace } from "@millrace/client";
import { Failure } from "@millrace/failure";
import type { Connection } from "../connection.ts";
import { showDemo } from "./display.ts";
import { playLive, playPast } from "./play.ts";
import { Totals } from "./totals.ts";
import { Traffic } from "./traffic.ts";

/** What is played. */
export type DemoOptions = {
  readonly seed: string;
  /** Events a second on average. */
  readonly rate: number;
  /** How long live traffic goes on; undefined: until it is interrupted. */
  readonly durationMs: number | undefined;
  /** How much of the past is sent first; 0: none. */
  readonly backfillMs: number;
};

/** What was played. */
export type DemoResult = {
  readonly backfill: Totals;
  readonly live: Totals;
  /** What became of the events. */
  readonly sent: Sent;
  readonly ms: number;
};

/** What became of events: each is in one of the counts. */
export type Sent = {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Not known to have arrived. */
  readonly unsent: number;
};

/** For how long the last events may take to arrive. */
const CLOSE_MS = 10_000;

/**
 * Sends the past first, where that is asked for, then what happens now. The past ends where the present begins, so no
 * event lacks, however long sending it took.
 *
 * @param stop once aborted, what was tracked is sent and nothing else
 * @throws Failure when the server does not take the key
 */
export async function runDemo(
  connection: Connection,
  options: DemoOptions,
  { stop, now }: { readonly stop: AbortController; readonly now: () => number },
): Promise<DemoResult> {
  const [backfill, live] = [new Totals(), new Totals()];
  let refusal: Failure | undefined;
  function onIssue(issue: Issue): void {
    if (issue.kind === "retrying") display.waiting(issue.message);
    if (issue.kind !== "blocked") return;
    refusal ??= new Failure("denied", "SCOPE_MISSING", issue.message);
    stop.abort();
  }
  const key = connection.keyFor(connection.canImport ? "import" : "send");
  const millrace = createMillrace({ url: connection.url, key, batch: { events: 1_000, bytes: 512 * 1_024 }, onIssue });
  const display = showDemo(() => millrace.stats());
  const startMs = now();
  const fromMs = startMs - options.backfillMs;
  const traffic = new Traffic(options, fromMs);
  const stage = { millrace, now, signal: stop.signal };
  try {
    if (options.backfillMs > 0) {
      const onTime = (ms: number) => display.past((ms - fromMs) / options.backfillMs);
      await playPast(traffic, [fromMs, startMs], stage, { totals: backfill, onTime });
      await arrived(millrace, stop.signal);
      if (!stop.signal.aborted) display.pastEnd(backfill, now() - startMs);
    }
    if (!stop.signal.aborted && options.durationMs !== 0) {
      const endMs = options.durationMs === undefined ? Number.POSITIVE_INFINITY : startMs + options.durationMs;
      display.live(live);
      await playLive(traffic, Math.max(endMs, startMs), stage, live);
    }
  } finally {
    await millrace.close({ timeoutMs: refusal === undefined ? CLOSE_MS : 0 });
    display.stop();
  }
  if (refusal !== undefined) throw refusal;
  const { accepted, duplicate, rejected, dropped } = millrace.stats();
  const unsent = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { backfill, live, sent: { accepted, duplicate, rejected, unsent }, ms: now() - startMs };
}

/** Waits until everything tracked so far has arrived. */
async function arrived(millrace: Millrace, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await millrace.flush({ timeoutMs: 500 })).pending > 0);
}
