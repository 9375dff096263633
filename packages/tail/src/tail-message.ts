import { Failure } from "@millrace/failure";

/** What became of an event. */
export type Verdict = "counted" | "duplicate" | "late" | "deadLettered";

/** An event as processing tells of it. */
export type ToldEvent = {
  /** Where it stands in its partition: the record's offset, and the event's index in the record. */
  readonly offset: number;
  readonly index: number;
  /** The time at which it counts, in epoch milliseconds; and when it was received. */
  readonly timeMs: number;
  readonly receivedAtMs: number;
  readonly verdict: Verdict;
  /** The processing version that its fields are derived by. */
  readonly version: number;
  /** Its id: its own, or the one that was assigned; "" where it can't be read. */
  readonly eventId: string;
  /** The User-Agent header that was stamped on it. */
  readonly userAgent: string;
  /** A millrace.event.v1.Event, encoded as it was sent. */
  readonly bytes: Uint8Array;
};

/** What one processor tells of one project's events in one partition: in order of the log, and of those before. */
export type TailMessage = {
  /** The partition, such as "1:0": the log's generation, and the number. */
  readonly source: string;
  /** Another each time the processor begins to tell of the partition. */
  readonly epoch: string;
  /** The place of the message in its epoch, from 0 without a hole: a hole is a message that was lost. */
  readonly sequence: number;
  /** A sample of what was processed since the message before. */
  readonly events: readonly ToldEvent[];
  /** How many more were. */
  readonly skipped: number;
  /** The request that this answers, with events that were processed before it. Such a message has no sequence. */
  readonly request?: string;
};

/** The channel that a project's events are told on. */
export function tailChannel(projectId: string): string {
  return `tail:${projectId}`;
}

/** A message as bytes: a line of JSON (all but the events' own bytes), a line break, and these one after the other. */
export function encodeTailMessage({ events, ...about }: TailMessage): Uint8Array {
  const told = events.map(({ bytes, ...stamps }) => ({ ...stamps, length: bytes.length }));
  const line = Buffer.from(`${JSON.stringify({ ...about, events: told })}\n`);
  return Buffer.concat([line, ...events.map(({ bytes }) => bytes)]);
}

/** Reads what {@link encodeTailMessage} made; bytes are views. Throws a Failure `corrupt` on anything else. */
export function decodeTailMessage(bytes: Uint8Array): TailMessage {
  const lineEnd = bytes.indexOf(10);
  try {
    const { events, ...about } = JSON.parse(Buffer.from(bytes.subarray(0, lineEnd)).toString("utf8"));
    let at = lineEnd + 1;
    const told = events.map(({ length, ...stamps }: { readonly length: number }) => {
      at += length;
      return { ...stamps, bytes: bytes.subarray(at - length, at) };
    });
    if (at !== bytes.length) throw new RangeError(`the message has ${bytes.length} bytes, and says ${at}`);
    return { ...about, events: told };
  } catch (cause) {
    throw new Failure("corrupt", "DATA_CORRUPT", "a message of processed events is damaged", { cause });
  }
}
