import { type Client, Code, type ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Reason } from "@millrace/api/millrace/failure/v1/reason_pb";
import { type IngestService, Outcome, type SendResponse } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { enumName } from "../enum-name.ts";
import { awayText } from "../explain-error.ts";
import type { Batch } from "./batches.ts";
import { isPassing, pause, pauseMs } from "./retry.ts";
import type { SettledPrefix } from "./settled-prefix.ts";
import type { Tally } from "./tally.ts";

/** What sending needs, and whom it tells. */
export type SenderOptions = {
  readonly client: Client<typeof IngestService>;
  readonly tally: Tally;
  /** For how long a batch is tried again before everything fails. */
  readonly giveUpAfterMs: number;
  /** Once aborted, nothing new is begun and what is in flight settles. A failure aborts it too. */
  readonly stop: AbortController;
  /** Is told why sending waits, and with undefined that it goes on. */
  readonly onWait: (why: string | undefined) => void;
  /** Keeps how far the file is settled. */
  readonly settled?: SettledPrefix;
};

const IN_FLIGHT_MAX = 4;
const CALL_DEADLINE_MS = 30_000;

/**
 * Sends batches, {@link IN_FLIGHT_MAX} at a time; no more are read than can be sent. What may not have arrived is sent
 * again with the same ids.
 *
 * @throws Failure `unavailable` when the server stayed away for too long; ConnectError when it refuses
 */
export async function sendBatches(batches: AsyncGenerator<Batch>, options: SenderOptions): Promise<void> {
  const { stop } = options;
  async function work(): Promise<void> {
    try {
      while (!stop.signal.aborted) {
        const next = await batches.next();
        if (next.done) return;
        // Batches come in the file's order, whoever takes them.
        const settle = options.settled?.begin(next.value.end);
        if (await deliver(next.value, options)) settle?.();
      }
    } catch (error) {
      stop.abort();
      throw error;
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: IN_FLIGHT_MAX }, work));
  await batches.return(undefined);
  for (const each of settled) {
    if (each.status === "rejected") throw each.reason;
  }
}

/** Sends a batch until all of it is settled; false when it was stopped before. */
async function deliver(batch: Batch, options: SenderOptions): Promise<boolean> {
  const { client, tally, stop, onWait, giveUpAfterMs } = options;
  let pending = batch;
  let firstFailureAt: number | undefined;
  for (let attempt = 1; ; attempt++) {
    let error: ConnectError | undefined;
    try {
      const response = await client.send({ events: [...pending.events] }, { timeoutMs: CALL_DEADLINE_MS });
      const before = pending.events.length;
      pending = settle(pending, response, tally);
      if (pending.events.length < before) firstFailureAt = undefined;
      if (pending.events.length === 0) {
        onWait(undefined);
        return true;
      }
    } catch (cause) {
      if (!isPassing(cause)) throw cause;
      error = cause;
    }
    const now = performance.now();
    firstFailureAt ??= now;
    const why = error === undefined ? "the log does not take everything" : passingText(error);
    if (now - firstFailureAt > giveUpAfterMs) throw gaveUp(why, giveUpAfterMs, error);
    onWait(why);
    await pause(pauseMs(attempt, error, Math.random()), stop.signal);
    if (stop.signal.aborted) return false;
    tally.retried += pending.events.length;
  }
}

/** Counts what was settled, and gives what is to be sent again. */
function settle(batch: Batch, response: SendResponse, tally: Tally): Batch {
  const events: Batch["events"][number][] = [];
  const lines: number[] = [];
  tally.accepted += response.acceptedCount;
  tally.duplicate += response.duplicateCount;
  for (const { index, outcome, reason, field, message } of response.outcomes) {
    const line = batch.lines[index];
    if (line === undefined) continue;
    if (outcome === Outcome.RETRY) {
      events.push(batch.events[index]!);
      lines.push(line);
    } else if (outcome === Outcome.REJECTED) {
      const named = field === "" || message.startsWith(field) ? message : `${field}: ${message}`;
      tally.reject({ line, reason: enumName(Reason, reason), message: named });
    }
  }
  return { events, lines, end: batch.end };
}

function passingText(error: ConnectError): string {
  // What carries no details is not an answer of the server.
  if (error.findDetails(ErrorInfoSchema).length > 0) return error.rawMessage;
  return error.code === Code.Unavailable ? awayText(error) : `the connection broke (${error.rawMessage})`;
}

function gaveUp(why: string, afterMs: number, cause: unknown): Failure {
  const message = `gave up after ${Math.round(afterMs / 1_000)} s: ${why}`;
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause });
}
