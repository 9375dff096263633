import type { ToldEvent, Verdict } from "@millrace/tail";
import { BROKEN, LATE, type StagedBatch, type StagedRecord, type StagedSection } from "../fold/staged-batch.ts";

/** An event's stamps and what became of it: all but its bytes. */
export type ToldStamps = Omit<ToldEvent, "bytes">;

/** What there is to tell of an event of a folded batch, which holds it until the next one. */
export function stampsOf(batch: StagedBatch, record: StagedRecord, section: StagedSection, place: number): ToldStamps {
  const { timeMs, eventId, userAgent } = batch.events[place]!;
  return {
    offset: record.offset,
    index: batch.indexes[place]!,
    timeMs,
    receivedAtMs: section.receivedAtMs,
    verdict: verdictOf(batch, section, place),
    version: section.version,
    eventId,
    userAgent,
  };
}

function verdictOf(batch: StagedBatch, section: StagedSection, place: number): Verdict {
  const state = batch.states[place];
  if (state === BROKEN) return "deadLettered";
  if (state === LATE) return "late";
  const requests = section.imported ? batch.imported : batch.live;
  return requests.owns(batch.claims[place]!) ? "counted" : "duplicate";
}
