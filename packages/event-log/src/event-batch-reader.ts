import { crc32, zstdDecompressSync } from "node:zlib";
import { Failure } from "@millrace/failure";
import {
  MAX_ASSIGNED_ID_BYTES,
  MAX_BATCH_EVENTS,
  MAX_PROJECT_ID_BYTES,
  MAX_READABLE_BATCH_BYTES,
  MAX_USER_AGENT_BYTES,
} from "./event-batch.ts";
import {
  CHECKSUM_BYTES,
  EVENT_ASSIGNED_ID,
  EVENT_CLAIM_TIME,
  EVENT_LATE,
  FORMAT_VERSION,
  HEADER_BYTES,
  RAW_LENGTH_BYTES,
  RECORD_COMPRESSED,
  SECTION_IMPORTED,
} from "./event-batch-layout.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a record of the log without making an object for an event: `nextSection` and `nextEvent` fill the properties.
 * Any method, the constructor too, throws a Failure `corrupt` (DATA_CORRUPT) for bytes that no writer made.
 */
export class EventBatchReader {
  // Of the section.
  projectId = "";
  revision = 0;
  processingVersion = 0;
  imported = false;
  receivedAtMs = 0;
  userAgent = "";
  /** How many events the section has: 1 to 65,535. */
  sectionEventCount = 0;

  // Of the event.
  timeMs = 0;
  claimTimeMs = 0;
  late = false;
  assignedId = "";
  /** The event's bytes are `buffer[from, to)`. The buffer stays as it is after the reader is gone. */
  readonly buffer: Buffer;
  from = 0;
  to = 0;
  /** The index of the event in the whole record, from 0. */
  index = -1;

  #at = 0;
  #eventsLeft = 0;

  constructor(value: Uint8Array) {
    this.buffer = openBody(value);
  }

  /** Goes to the next section, past events of this one that were not read. False after the last. */
  nextSection(): boolean {
    while (this.#eventsLeft > 0) this.nextEvent();
    if (this.#at === this.buffer.length) return false;
    this.projectId = this.#text(this.#length(MAX_PROJECT_ID_BYTES));
    if (this.projectId === "") throw corrupt("a section has no project");
    this.revision = this.#varint();
    this.processingVersion = this.#varint();
    const flags = this.#byte();
    if (flags > SECTION_IMPORTED) throw corrupt("a section has unknown flags");
    this.imported = flags === SECTION_IMPORTED;
    this.receivedAtMs = this.#varint();
    const agentBytes = this.#uint16();
    if (agentBytes > MAX_USER_AGENT_BYTES) throw corrupt("a user agent is too long");
    this.userAgent = this.#text(agentBytes);
    this.sectionEventCount = this.#uint16();
    if (this.sectionEventCount === 0) throw corrupt("a section has no events");
    if (this.index + 1 + this.sectionEventCount > MAX_BATCH_EVENTS) throw corrupt("there are too many events");
    this.#eventsLeft = this.sectionEventCount;
    return true;
  }

  /** Goes to the section's next event. False after the last. */
  nextEvent(): boolean {
    if (this.#eventsLeft === 0) return false;
    const flags = this.#byte();
    if (flags > (EVENT_LATE | EVENT_ASSIGNED_ID | EVENT_CLAIM_TIME)) throw corrupt("an event has unknown flags");
    this.late = (flags & EVENT_LATE) !== 0;
    this.timeMs = this.#safe(this.receivedAtMs + this.#signed());
    this.claimTimeMs = (flags & EVENT_CLAIM_TIME) === 0 ? this.timeMs : this.#safe(this.timeMs + this.#signed());
    this.assignedId = (flags & EVENT_ASSIGNED_ID) === 0 ? "" : this.#text(this.#length(MAX_ASSIGNED_ID_BYTES));
    const length = this.#varint();
    if (length > this.buffer.length - this.#at) throw corrupt("an event is cut short");
    this.from = this.#at;
    this.to = this.#at + length;
    this.#at = this.to;
    this.index++;
    this.#eventsLeft--;
    return true;
  }

  #byte(): number {
    if (this.#at >= this.buffer.length) throw corrupt("it is cut short");
    return this.buffer[this.#at++]!;
  }

  #uint16(): number {
    return this.#byte() | (this.#byte() << 8);
  }

  #length(max: number): number {
    const length = this.#varint();
    if (length > max) throw corrupt("a text is too long");
    return length;
  }

  #varint(): number {
    let byte = this.#byte();
    let value = byte & 0x7f;
    let scale = 0x80;
    while (byte >= 0x80) {
      byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) throw corrupt("a number is too large");
      scale *= 0x80;
      // Eight bytes hold 2^53 - 1; this also ends a run of zero groups.
      if (scale > 2 ** 56) throw corrupt("a number is too long");
    }
    return value;
  }

  #signed(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw corrupt("a time is out of range");
    return value;
  }

  #text(length: number): string {
    const end = this.#at + length;
    if (end > this.buffer.length) throw corrupt("a text is cut short");
    const start = this.#at;
    this.#at = end;
    for (let i = start; i < end; i++) {
      if (this.buffer[i]! >= 0x80) return decode(this.buffer.subarray(start, end));
    }
    return this.buffer.toString("latin1", start, end);
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw corrupt("a text is not UTF-8", cause);
  }
}

/** Checks the frame around the body and gives the body, decompressed. */
function openBody(value: Uint8Array): Buffer {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt("it is cut short");
  if (bytes[0] !== FORMAT_VERSION) throw corrupt(`format version ${bytes[0]} is unknown`);
  const end = bytes.length - CHECKSUM_BYTES;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) throw corrupt("the checksum is wrong");
  if (bytes[1]! > RECORD_COMPRESSED) throw corrupt("it has unknown flags");
  const body = bytes[1] === RECORD_COMPRESSED ? decompress(bytes, end) : bytes.subarray(HEADER_BYTES, end);
  if (body.length === 0) throw corrupt("it has no events");
  if (body.length > MAX_READABLE_BATCH_BYTES) throw corrupt("it is too large");
  return body;
}

function decompress(bytes: Buffer, end: number): Buffer {
  const bodyAt = HEADER_BYTES + RAW_LENGTH_BYTES;
  if (end < bodyAt) throw corrupt("it is cut short");
  const rawLength = bytes.readUInt32LE(HEADER_BYTES);
  if (rawLength > MAX_READABLE_BATCH_BYTES) throw corrupt("it is too large");
  let body: Buffer;
  try {
    body = zstdDecompressSync(bytes.subarray(bodyAt, end), {
      maxOutputLength: Math.max(rawLength, 1),
      chunkSize: Math.min(Math.max(rawLength, 1024), 1 << 20),
    });
  } catch (cause) {
    throw corrupt("its body cannot be decompressed", cause);
  }
  if (body.length !== rawLength) throw corrupt("its body has another length than it says");
  return body;
}

function corrupt(what: string, cause?: unknown): Failure {
  return new Failure("corrupt", "DATA_CORRUPT", `The log record cannot be read: ${what}.`, { cause });
}
