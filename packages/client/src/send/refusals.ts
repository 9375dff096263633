import { Reason, ReasonSchema } from "@millrace/api/millrace/failure/v1/reason_pb";
import { type EventOutcome, Outcome, type ReasonCount } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { Refusal } from "./attempt.ts";

const PREFIX = "REASON_";

/** A reason's name without prefix; its number where this version does not know it. */
function reasonName(reason: Reason): string {
  return ReasonSchema.value[reason]?.name.slice(PREFIX.length) ?? String(reason);
}

/** The rejections that an answer tells of by outcomes, in the order of their first. */
export function refusalsOf(outcomes: readonly EventOutcome[]): Refusal[] {
  const counts = new Map<Reason, number>();
  for (const { outcome, reason } of outcomes) {
    if (outcome === Outcome.REJECTED) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => refusal(reason, count, outcomes));
}

/** The rejections that an answer counts by reason, with what it tells of the first of each. */
export function refusalsCounted(counts: readonly ReasonCount[], outcomes: readonly EventOutcome[]): Refusal[] {
  return counts
    .filter(({ reason }) => reason !== Reason.EVENT_DUPLICATE)
    .map(({ reason, count }) => refusal(reason, Number(count), outcomes));
}

function refusal(reason: Reason, count: number, outcomes: readonly EventOutcome[]): Refusal {
  const first = outcomes.find((told) => told.outcome === Outcome.REJECTED && told.reason === reason);
  return {
    reason: reasonName(reason),
    count,
    message: first?.message ?? "",
    ...(first !== undefined && { eventId: first.eventId, field: first.field }),
  };
}
