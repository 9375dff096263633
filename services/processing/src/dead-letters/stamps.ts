import { EventBatchReader } from "@millrace/event-log";
import type { EventStamps } from "./dead-letters.ts";

/** The stamps of the event that a reader stands at. */
export function stampsAt(reader: EventBatchReader): EventStamps {
  const { revision, processingVersion, imported, receivedAtMs, userAgent } = reader;
  const { timeMs, claimTimeMs, late, assignedId } = reader;
  return { revision, processingVersion, imported, receivedAtMs, userAgent, timeMs, claimTimeMs, late, assignedId };
}

/**
 * The stamps of some events of a record, by their indexes. The record is read once more: the fold does not keep what only
 * a dead letter needs.
 */
export function stampsOf(value: Uint8Array, indexes: ReadonlySet<number>): ReadonlyMap<number, EventStamps> {
  const found = new Map<number, EventStamps>();
  const reader = new EventBatchReader(value);
  while (found.size < indexes.size && reader.nextSection()) {
    while (reader.nextEvent()) {
      if (indexes.has(reader.index)) found.set(reader.index, stampsAt(reader));
    }
  }
  return found;
}
