import { randomBytes } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { Connection } from "../connection.ts";
import type { QueryInit } from "../query/build-query.ts";
import { parseConditions } from "../query/condition.ts";
import { isPassing, pause, pauseMs } from "../send/retry.ts";
import { differencesOf, type Plan, planOf, type Total } from "./plan.ts";
import { ensureProject, METRICS, PROJECT, withKey } from "./project.ts";

const RUN_BYTES = 8;
const SENDS_AT_ONCE = 4;
const CALL_MS_MAX = 30_000;
const POLL_MS = 500;
const MINUTE_MS = 60_000;
/** By how much the clocks of this computer and of the log may differ. */
const CLOCKS_MS = 2_000;

/** What a test has found. */
export type Proof = {
  /** Different events, and how many were sent in all. */
  readonly events: number;
  readonly sent: number;
  /** What was counted, by kind. */
  readonly totals: readonly Total[];
  /** In what it differs from what was sent; empty when it is exact. */
  readonly differences: readonly string[];
  /** From the first call that sent events to the answer that has all of them. */
  readonly elapsedMs: number;
};

/**
 * Sends events, each at least twice, into the project of tests, and waits for the answer that holds everything that was
 * accepted.
 *
 * @param say is told what is being done
 * @throws Failure `unavailable` when that takes longer than until `signal` aborts
 */
export async function prove(
  connection: Connection,
  options: { readonly events: number; readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Proof> {
  const { events, signal, say } = options;
  await ensureProject(connection);
  return withKey(connection, async (key) => {
    const transport = connection.transport(key);
    const run = randomBytes(RUN_BYTES).toString("hex");
    const startMs = Date.now();
    const plan = planOf(run, events, startMs);
    const sent = plan.batches.reduce((sum, batch) => sum + batch.length, 0);
    say(`Sending ${events} events, each at least twice, to ${connection.url}: ${sent} in all.`);
    await sendAll(createClient(IngestService, transport), plan, signal);
    say("All were accepted. Waiting for the report that holds them.");
    const totals = await report(createClient(ReportingService, transport), { run, startMs, signal });
    const differences = differencesOf(plan.totals, totals);
    return { events, sent, totals, differences, elapsedMs: Date.now() - startMs };
  });
}

async function sendAll(ingest: Client<typeof IngestService>, plan: Plan, signal: AbortSignal): Promise<void> {
  const waiting = plan.batches.values();
  await Promise.all(
    Array.from({ length: SENDS_AT_ONCE }, async () => {
      for (const events of waiting) await send(ingest, events, signal);
    }),
  );
}

/** Sends a batch until every event of it is durable. The same ids are sent each time, so that nothing counts twice. */
async function send(ingest: Client<typeof IngestService>, events: Plan["batches"][number], signal: AbortSignal) {
  for (let attempt = 1; ; attempt++) {
    const answer = await ingest.send({ events: [...events] }, { timeoutMs: CALL_MS_MAX }).catch(passingOrThrow);
    if (!(answer instanceof Error) && answer.rejectedCount > 0) {
      const { message } = answer.outcomes.find((outcome) => outcome.message !== "") ?? { message: "" };
      throw new Failure("internal", "INTERNAL", `${answer.rejectedCount} events were rejected: ${message}`);
    }
    if (!(answer instanceof Error) && answer.retryCount === 0) return;
    failWhenLate(signal, "events were not accepted in time");
    await pause(pauseMs(attempt, answer instanceof Error ? answer : undefined, Math.random()), signal);
  }
}

/** What was counted of a run, once the answer holds everything that was accepted before now. */
async function report(
  reporting: Client<typeof ReportingService>,
  { run, startMs, signal }: { readonly run: string; readonly startMs: number; readonly signal: AbortSignal },
): Promise<readonly Total[]> {
  const acceptedMs = Date.now() + CLOCKS_MS;
  const query: QueryInit = {
    projectId: PROJECT,
    metrics: [...METRICS],
    dimensions: ["kind"],
    filter: parseConditions([`run="${run}"`])!,
    // All events are of one moment: the minute that it is in is read from the finest cells, which are stored first.
    timeRange: { kind: { case: "absolute", value: { startTime: atMinute(startMs), endTime: atMinute(startMs, 1) } } },
  };
  for (;;) {
    const answer = await reporting.query({ query }, { timeoutMs: CALL_MS_MAX }).catch(passingOrThrow);
    const result = answer instanceof Error ? undefined : answer.result;
    if (result?.watermark !== undefined && timestampMs(result.watermark) >= acceptedMs) return totalsOf(result);
    failWhenLate(signal, "the report did not hold everything in time");
    await pause(POLL_MS, signal);
  }
}

/** The whole minute that a moment is in, or a later one. */
function atMinute(ms: number, later = 0) {
  return timestampFromMs((Math.floor(ms / MINUTE_MS) + later) * MINUTE_MS);
}

function totalsOf({ rows }: Result): readonly Total[] {
  return rows.map(({ values: [kind, count, amount] }) => ({
    kind: textOf(kind?.kind.value),
    count: Number(count?.kind.value),
    amount: textOf(amount?.kind.value),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function passingOrThrow(error: unknown) {
  if (isPassing(error)) return error;
  throw error;
}

function failWhenLate(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", what);
}
