import type { Position } from "@millrace/cache";
import type { EventAppender } from "@millrace/event-log";

/** An event that can't be folded, kept for a person to look at and to send again. */
export type DeadLetter = {
  /** Where the event stands in the log; replays put the same letter again, and the position tells that it is the same. */
  readonly position: Position;
  /** The project; "" when the record itself could not be read. */
  readonly projectId: string;
  /** What went wrong, for people. */
  readonly problem: string;
  /** The event's own bytes, or the whole record's when it could not be read. */
  readonly bytes: Uint8Array;
};

/** Where dead letters go. */
export interface DeadLetters {
  /** Keeps letters. Resolves when they are durable (P4: before the commit). */
  put(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>;
}

/** So many bytes of letters are appended at once, at most: a log takes only so much at a time. */
const PORTION_BYTES = 4 * 1024 * 1024;

/**
 * Dead letters in a log of their own, one letter a record: a line of JSON, a line break, and the bytes. What is too large
 * for a record is cut, and the line says how long it was: a letter that can't be kept would stop the partition (P4).
 */
export function deadLettersIn(log: EventAppender): DeadLetters {
  return {
    async put(letters, signal) {
      let appends: Promise<unknown>[] = [];
      let bytes = 0;
      for (const letter of letters) {
        const value = recordOf(letter, log.maxRecordBytes);
        appends.push(log.append(letter.position.partition % log.partitions, value, { signal }));
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

function recordOf(letter: DeadLetter, maxBytes: number): Uint8Array {
  const { bytes, ...about } = letter;
  const line = Buffer.from(`${JSON.stringify(about)}\n`);
  if (line.length + bytes.length <= maxBytes) return Buffer.concat([line, bytes]);
  const cutLine = Buffer.from(`${JSON.stringify({ ...about, cutFromBytes: bytes.length })}\n`);
  return Buffer.concat([cutLine, bytes.subarray(0, maxBytes - cutLine.length)]);
}
