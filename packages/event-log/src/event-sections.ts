import { Failure } from "@millrace/failure";
import type { EventSection, StampedEvent } from "./event-batch.ts";
import { EventBatchReader } from "./event-batch-reader.ts";
import { EventBatchWriter } from "./event-batch-writer.ts";

/**
 * All of a record as objects: for tests and tools. The events' bytes are views.
 *
 * @throws Failure `corrupt` for bytes that are no record
 */
export function readSections(value: Uint8Array): EventSection[] {
  const reader = new EventBatchReader(value);
  const sections: EventSection[] = [];
  while (reader.nextSection()) {
    const events: StampedEvent[] = [];
    const { projectId, revision, processingVersion, imported, receivedAtMs, userAgent } = reader;
    while (reader.nextEvent()) {
      const { timeMs, claimTimeMs, late, assignedId } = reader;
      events.push({ timeMs, claimTimeMs, late, assignedId, bytes: reader.buffer.subarray(reader.from, reader.to) });
    }
    sections.push({ projectId, revision, processingVersion, imported, receivedAtMs, userAgent, events });
  }
  return sections;
}

/**
 * Writes sections as one record: for tests and tools.
 *
 * @throws Failure `invalid` when they do not fit one record
 */
export function writeSections(sections: readonly EventSection[]): Uint8Array {
  const writer = new EventBatchWriter();
  for (const section of sections) {
    if (!writer.beginSection(section)) throw tooMuch();
    for (const { timeMs, claimTimeMs, late, assignedId, bytes } of section.events) {
      if (!writer.addEvent(timeMs, claimTimeMs, late, assignedId, bytes, 0, bytes.length)) throw tooMuch();
    }
  }
  return writer.finish();
}

function tooMuch(): Failure {
  return new Failure("invalid", "BATCH_TOO_LARGE", "The sections do not fit one record.");
}
