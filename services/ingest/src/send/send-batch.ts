import type { SendResponse } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";

import type { Caller } from "../caller.ts";
import type { Intake } from "../intake.ts";
import { sendResponse, tally } from "../outcomes.ts";
import type { Rejection } from "../rejection.ts";
import { type BatchFrame, batchEmpty } from "../scan/batch-frame.ts";
import { findEventId } from "../scan/find-event-id.ts";
import type { Visitors } from "../visitor/visitors.ts";
import type { KnownClaims } from "./known-claims.ts";

/** What sending a batch needs. */
export type SendDeps = {
  readonly intake: Intake;
  readonly claims: KnownClaims | undefined;
  readonly now: () => number;
  /** Says who visits web pages. */
  readonly visitors: Visitors;
};

/** A batch and how it came. */
export type SentBatch = {
  readonly frame: BatchFrame;
  readonly caller: Caller;
  readonly userAgent: string;
  /** The address of a web page's visitor, "" where it is not known; undefined: the sender is no web page. */
  readonly address?: string | undefined;
  /** Events that were rejected before they had bytes, and the ids they came with. */
  readonly rejected?: ReadonlyMap<number, Rejection>;
  readonly idOf?: (index: number) => string;
};

/**
 * Takes one batch, whatever way it came, and answers when the fate of every event is known.
 *
 * @throws Failure `invalid` (BATCH_EMPTY); the append's own failure when nothing was or may have been appended, and
 *   nothing else is to be told
 */
export async function sendBatch(deps: SendDeps, sent: SentBatch): Promise<SendResponse> {
  const { caller, userAgent, address, rejected } = sent;
  let { frame } = sent;
  if (frame.count === 0) throw batchEmpty();
  // What is imported was of other days, when its visitors had other pseudonyms.
  if (address !== undefined && !caller.imported) {
    const visit = { projectId: caller.projectId, address, userAgent, nowMs: deps.now() };
    frame = await deps.visitors.name(frame, visit, rejected);
  }
  const claimed = await deps.claims?.find(frame, caller.projectId, caller.imported);
  const batch = deps.intake.take(frame, {
    rules: caller.rules(),
    imported: caller.imported,
    userAgent,
    receivedAtMs: deps.now(),
    ...(claimed === undefined ? {} : { claimed }),
    ...(rejected === undefined ? {} : { rejected }),
  });
  await batch.settled;
  const { failure } = batch;
  const isSafe = failure?.kind === "unavailable" || failure?.kind === "exhausted";
  if (failure !== undefined && isSafe && !batch.outcomeUnknown && tally(batch).retry === batch.count) throw failure;
  const idOf = (i: number): string => findEventId(frame.bytes, frame.ranges[2 * i]!, frame.ranges[2 * i + 1]!);
  return sendResponse(batch, sent.idOf ?? idOf);
}
