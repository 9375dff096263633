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

/** Dead letters in a log of their own, one letter a record: a line of JSON, a line break, and the bytes. */
export function deadLettersIn(log: EventAppender): DeadLetters {
  return {
    async put(letters, signal) {
      const appends = letters.map((letter) => {
        const { bytes, ...about } = letter;
        const value = Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), bytes]);
        return log.append(letter.position.partition % log.partitions, value, { signal });
      });
      await Promise.all(appends);
    },
  };
}
