import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Connection } from "../connection.ts";
import type { Batch } from "../send/batches.ts";
import { sendBatches } from "../send/sender.ts";
import { Tally } from "../send/tally.ts";
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
  readonly tally: Tally;
  readonly ms: number;
};

const GIVE_UP_AFTER_MS = 600_000;

/**
 * Sends the past first, where that is asked for, then what happens now. The past ends where the present begins, so no
 * event lacks, however long sending it took.
 *
 * @param stop once aborted, what is in flight settles and nothing else is sent
 */
export async function runDemo(
  connection: Connection,
  options: DemoOptions,
  { stop, now }: { readonly stop: AbortController; readonly now: () => number },
): Promise<DemoResult> {
  const client = connection.client(IngestService, connection.canImport ? "import" : "send");
  const tally = new Tally();
  const [backfill, live] = [new Totals(), new Totals()];
  const display = showDemo(tally);
  const startMs = now();
  const fromMs = startMs - options.backfillMs;
  const traffic = new Traffic(options, fromMs);
  const send = (batches: AsyncGenerator<Batch>) =>
    sendBatches(batches, { client, tally, giveUpAfterMs: GIVE_UP_AFTER_MS, stop, onWait: display.waiting });
  try {
    if (options.backfillMs > 0) {
      const onTime = (ms: number) => display.past((ms - fromMs) / options.backfillMs);
      await send(playPast(traffic, fromMs, startMs, { signal: stop.signal, totals: backfill, onTime }));
      display.pastEnd(backfill, now() - startMs);
    }
    if (!stop.signal.aborted && options.durationMs !== 0) {
      const endMs = options.durationMs === undefined ? Number.POSITIVE_INFINITY : startMs + options.durationMs;
      display.live(live);
      await send(playLive(traffic, Math.max(endMs, startMs), live, { now, signal: stop.signal }));
    }
  } finally {
    display.stop();
  }
  return { backfill, live, tally, ms: now() - startMs };
}
