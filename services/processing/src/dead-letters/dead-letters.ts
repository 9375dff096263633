import type { Position } from "@millrace/cache";
import type { EventAppender, EventConsumer, SectionHeader, StampedEvent } from "@millrace/event-log";
import { letterRecord, partitionOfLetter } from "./letter-format.ts";

/** Why something became a dead letter, for machines; "" in letters of a release that did not say. */
export type DeadLetterReason = "RECORD_UNREADABLE" | "EVENT_UNREADABLE" | "REVISION_NOT_FOUND" | "FOLD_FAILED" | "";

/** What ingest stamped an event with: what a redriven event needs beside its bytes. */
export type EventStamps = Omit<SectionHeader, "projectId"> & Omit<StampedEvent, "bytes">;

/** An event that can't be folded, kept for a person to look at and to redrive. */
export type DeadLetter = {
  /**
   * Where the event stands in the log; replays put the same letter again, and the position tells that it is the same. Of
   * a record that can't be read it is the first event of it that was not folded.
   */
  readonly position: Position;
  /** The project; "" when the record itself could not be read. */
  readonly projectId: string;
  readonly reason: DeadLetterReason;
  /** What went wrong, for people. */
  readonly problem: string;
  /** Absent when the record itself could not be read. */
  readonly stamps?: EventStamps;
  /** The event's own bytes, or the whole record's when it could not be read. */
  readonly bytes: Uint8Array;
};

/** Where dead letters go. */
export interface DeadLetters {
  /** Keeps letters. Resolves when they are durable (P4: before the commit). */
  put(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>;
}

/** The log that dead letters are in, as far as they are read from it and redriven. */
export type LetterLog = EventAppender & Pick<EventConsumer, "read" | "bounds">;

/** So many bytes of letters are appended at once, at most: a log takes only so much at a time. */
const PORTION_BYTES = 4 * 1024 * 1024;

/** Dead letters in a log of their own, one letter a record. docs/formats/dead-letter.md has the bytes. */
export function deadLettersIn(log: EventAppender): DeadLetters {
  return {
    async put(letters, signal) {
      let appends: Promise<unknown>[] = [];
      let bytes = 0;
      for (const letter of letters) {
        const value = letterRecord(letter, log.maxRecordBytes);
        appends.push(log.append(partitionOfLetter(letter.position, log.partitions), value, { signal }));
        bytes += value.length;
        if (bytes < PORTION_BYTES) continue;
        await Promise.all(appends);
        appends = [];
        bytes = 0;
      }
      await Promise.all(appends);
    },
  };
}
