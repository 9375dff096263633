import { Failure } from "@millrace/failure";
import { BATCH_LIMITS, EVENT_LIMITS } from "../event-limits.ts";
import { isUtf8 } from "./utf8.ts";
import { WIRE, WireReader } from "./wire-reader.ts";

/** A batch as it came, its events not looked at: event i is `bytes[ranges[2i], ranges[2i + 1])`. */
export type BatchFrame = {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly ranges: Int32Array;
  /** The sender's clock at this attempt, in epoch milliseconds; undefined when it was not said. */
  readonly sentAtMs: number | undefined;
};

/** A message of a stream. */
export type StreamFrame = BatchFrame & { readonly streamId: string; readonly sequence: bigint };

// Read before anything is appended: a batch that can't be read leaves no trace.
const SEND = { events: 1, sentAt: 2 } as const;
const STREAM = { streamId: 1, sequence: 2, events: 3, sentAt: 4 } as const;
const scratch = new Int32Array(2 * BATCH_LIMITS.events);

/**
 * Reads an encoded SendRequest without looking into its events.
 *
 * @throws Failure `invalid`: REQUEST_MALFORMED, BATCH_TOO_LARGE, or FIELD_INVALID for `sent_at`
 */
export function readSendRequest(bytes: Uint8Array): BatchFrame {
  let count = 0;
  let sentAt: SentAt | undefined;
  const reader = new WireReader(bytes, 0, bytes.length);
  while (reader.next()) {
    if (reader.field === SEND.events) count = addEvents(reader, SEND.events, addEvent(reader, count));
    else if (reader.field === SEND.sentAt) sentAt = mergeSentAt(reader, sentAt);
  }
  if (reader.malformed) throw malformed("SendRequest");
  return { bytes, count, ranges: scratch.slice(0, 2 * count), sentAtMs: sentAtMs(sentAt) };
}

/**
 * Reads an encoded StreamRequest likewise.
 *
 * @throws Failure `invalid`, as {@link readSendRequest}, and FIELD_INVALID for `stream_id`
 */
export function readStreamRequest(bytes: Uint8Array): StreamFrame {
  let count = 0;
  let streamId = "";
  let sequence = 0n;
  let sentAt: SentAt | undefined;
  const reader = new WireReader(bytes, 0, bytes.length);
  while (reader.next()) {
    if (reader.field === STREAM.events) {
      count = addEvents(reader, STREAM.events, addEvent(reader, count));
    } else if (reader.field === STREAM.sequence) {
      if (reader.wireType !== WIRE.varint) throw malformed("StreamRequest");
      sequence = BigInt.asUintN(64, reader.varint());
    } else if (reader.field === STREAM.streamId) {
      streamId = readStreamId(reader);
    } else if (reader.field === STREAM.sentAt) {
      sentAt = mergeSentAt(reader, sentAt);
    }
  }
  if (reader.malformed) throw malformed("StreamRequest");
  return { bytes, count, ranges: scratch.slice(0, 2 * count), sentAtMs: sentAtMs(sentAt), streamId, sequence };
}

/**
 * Adds the events that follow the one at hand without anything between, each framed as every protobuf library does it. Stops before
 * whatever else comes, and before anything doubtful: that is for the strict reader.
 */
function addEvents(reader: WireReader, field: number, count: number): number {
  const { bytes } = reader;
  const tag = (field << 3) | WIRE.bytes;
  let total = count;
  let from = reader.to;
  while (bytes[from] === tag && total < BATCH_LIMITS.events) {
    let length = bytes[from + 1]!;
    let start = from + 2;
    if (length >= 0x80) {
      const high = bytes[start++]!;
      if (high >= 0x80) break;
      length = (length & 0x7f) | (high << 7);
    }
    const end = start + length;
    // Also false for what was read past the end.
    if (!(end <= bytes.length)) break;
    scratch[2 * total] = start;
    scratch[2 * total + 1] = end;
    total++;
    from = end;
  }
  reader.skipTo(from);
  return total;
}

function addEvent(reader: WireReader, count: number): number {
  if (reader.wireType !== WIRE.bytes) throw malformed("batch");
  if (count === BATCH_LIMITS.events) throw batchTooLarge();
  scratch[2 * count] = reader.from;
  scratch[2 * count + 1] = reader.to;
  return count + 1;
}

function readStreamId(reader: WireReader): string {
  const length = reader.to - reader.from;
  if (reader.wireType !== WIRE.bytes) throw malformed("StreamRequest");
  if (length > BATCH_LIMITS.streamIdBytes) {
    throw Failure.invalidField("stream_id", `has ${length} bytes; at most ${BATCH_LIMITS.streamIdBytes} are allowed`);
  }
  if (!isUtf8(reader.bytes, reader.from, reader.to)) throw Failure.invalidField("stream_id", "is not valid UTF-8");
  return Buffer.from(reader.bytes.subarray(reader.from, reader.to)).toString();
}

type SentAt = { readonly seconds: bigint; readonly nanos: bigint };

/** A message field that comes twice is merged. */
function mergeSentAt(outer: WireReader, before: SentAt | undefined): SentAt {
  if (outer.wireType !== WIRE.bytes) throw malformed("sent_at");
  let { seconds, nanos } = before ?? { seconds: 0n, nanos: 0n };
  const reader = new WireReader(outer.bytes, outer.from, outer.to);
  while (reader.next()) {
    if (reader.field > 2) continue;
    if (reader.wireType !== WIRE.varint) throw malformed("sent_at");
    if (reader.field === 1) seconds = BigInt.asIntN(64, reader.varint());
    else nanos = BigInt.asIntN(32, reader.varint());
  }
  if (reader.malformed) throw malformed("sent_at");
  return { seconds, nanos };
}

function sentAtMs(sentAt: SentAt | undefined): number | undefined {
  if (sentAt === undefined) return undefined;
  const seconds = Number(sentAt.seconds);
  const nanos = Number(sentAt.nanos);
  // A clock that was never set is the best reason to say what it shows, so 1970 is fine here.
  if (seconds < 0 || seconds > EVENT_LIMITS.maxTimeSeconds || nanos < 0 || nanos > 999_999_999) {
    throw Failure.invalidField("sent_at", "must be a valid timestamp of 1970 or later");
  }
  return seconds * 1000 + Math.floor(nanos / 1e6);
}

/** The failure of a batch that has no event. */
export function batchEmpty(): Failure {
  return new Failure("invalid", "BATCH_EMPTY", "The batch holds no event.");
}

/** The failure of a batch that has too many events. */
export function batchTooLarge(): Failure {
  return new Failure("invalid", "BATCH_TOO_LARGE", `A batch holds at most ${BATCH_LIMITS.events} events.`);
}

function malformed(what: string): Failure {
  return new Failure("invalid", "REQUEST_MALFORMED", `The request is not a well-formed ${what}.`);
}
