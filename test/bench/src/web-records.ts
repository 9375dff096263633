import { type EventSection, writeSections } from "@millrace/event-log";
import { PROCESSING_VERSION } from "@millrace/processing";
import { pageView, randomFrom } from "./web-events.ts";

/** How many records of page views to make, and of what. */
export type WebRecordOptions = {
  readonly records: number;
  readonly sectionsPerRecord: number;
  readonly eventsPerSection: number;
  readonly nowMs: number;
  /** How much time passes from one section to the next. */
  readonly sectionMs: number;
  /** Whose the next section is. */
  readonly nextProject: () => string;
  readonly firstNumber?: number;
};

/** Records as ingest writes them, of page views on the template `web`; one after the other, so that none is held. */
export function* webRecords(options: WebRecordOptions): Generator<Uint8Array> {
  const { sectionsPerRecord, eventsPerSection, sectionMs, nextProject } = options;
  const random = randomFrom(options.firstNumber ?? 1);
  let number = options.firstNumber ?? 0;
  let receivedAtMs = options.nowMs;
  for (let record = 0; record < options.records; record++) {
    const sections: EventSection[] = [];
    for (let section = 0; section < sectionsPerRecord; section++) {
      const timeMs = Math.floor(receivedAtMs) - 50;
      const events = Array.from({ length: eventsPerSection }, () => {
        const bytes = pageView(number++, timeMs, random);
        return { timeMs, claimTimeMs: timeMs, late: false, assignedId: "", bytes };
      });
      const stamps = { revision: 1, processingVersion: PROCESSING_VERSION, imported: false, userAgent: "" };
      sections.push({ projectId: nextProject(), receivedAtMs: Math.floor(receivedAtMs), ...stamps, events });
      receivedAtMs += sectionMs;
    }
    yield writeSections(sections);
  }
}
