import { create } from "@bufbuild/protobuf";
import { Reason as ReasonCode } from "@millrace/api/millrace/failure/v1/reason_pb";
import {
  type EventOutcome,
  EventOutcomeSchema,
  Outcome,
  type SendResponse,
  SendResponseSchema,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Reason } from "@millrace/failure";
import { type EventBatch, FATE } from "./append/event-batch.ts";

/** How many events of a batch had which fate. */
export type Tally = { accepted: number; duplicate: number; rejected: number; retry: number };

/** Counts a settled batch. */
export function tally(batch: EventBatch): Tally {
  const counts: Tally = { accepted: 0, duplicate: 0, rejected: 0, retry: 0 };
  for (const fate of batch.fates) {
    if (fate === FATE.accepted) counts.accepted++;
    else if (fate === FATE.duplicate) counts.duplicate++;
    else if (fate === FATE.rejected) counts.rejected++;
    else counts.retry++;
  }
  return counts;
}

/** The outcome of one event that was not accepted. `eventId` is its id where it has a readable one, else "". */
export function eventOutcome(batch: EventBatch, index: number, eventId: string): EventOutcome {
  const rejection = batch.rejections.get(index);
  if (rejection !== undefined) {
    const { reason, field, message } = rejection;
    const text = field === "" ? `the event ${message}` : `${field} ${message}`;
    return outcome(index, eventId, Outcome.REJECTED, reason, field, text);
  }
  if (batch.fates[index] === FATE.duplicate) {
    return outcome(index, eventId, Outcome.DUPLICATE, "EVENT_DUPLICATE", "", "the event was accepted before");
  }
  const message = "the event is not known to be durable; send it again, with the same id and time";
  return outcome(index, eventId, Outcome.RETRY, "EVENT_NOT_APPENDED", "", message);
}

/** The answer to a settled batch. `idOf` gives the id of the event at an index. */
export function sendResponse(batch: EventBatch, idOf: (index: number) => string): SendResponse {
  const counts = tally(batch);
  const outcomes: EventOutcome[] = [];
  if (counts.accepted < batch.count) {
    for (let i = 0; i < batch.count; i++) {
      if (batch.fates[i] !== FATE.accepted) outcomes.push(eventOutcome(batch, i, idOf(i)));
    }
  }
  return create(SendResponseSchema, {
    acceptedCount: counts.accepted,
    duplicateCount: counts.duplicate,
    rejectedCount: counts.rejected,
    retryCount: counts.retry,
    outcomes,
  });
}

/** A reason as the contract numbers it. */
function reasonCode(reason: Reason): ReasonCode {
  return ReasonCode[reason];
}

function outcome(
  index: number,
  eventId: string,
  kind: Outcome,
  reason: Reason,
  field: string,
  message: string,
): EventOutcome {
  return create(EventOutcomeSchema, { index, eventId, outcome: kind, reason: reasonCode(reason), field, message });
}
