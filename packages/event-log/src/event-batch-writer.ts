import { constants, crc32, zstdCompressSync } from "node:zlib";
import { Failure } from "@millrace/failure";
import {
  COMPRESS_FROM_BYTES,
  MAX_ASSIGNED_ID_BYTES,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_PROJECT_ID_BYTES,
  MAX_USER_AGENT_BYTES,
  type SectionHeader,
} from "./event-batch.ts";
import {
  CHECKSUM_BYTES,
  EVENT_ASSIGNED_ID,
  EVENT_CLAIM_TIME,
  EVENT_LATE,
  EVENT_OVERHEAD_BYTES,
  FORMAT_VERSION,
  HEADER_BYTES,
  RAW_LENGTH_BYTES,
  RECORD_COMPRESSED,
  SECTION_IMPORTED,
  SECTION_OVERHEAD_BYTES,
} from "./event-batch-layout.ts";

const INITIAL_BYTES = 8192;
// Level 1: the log is written once and read once or twice, so speed counts more than the last tenth of size.
const ZSTD_PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 };
/** Events compress to less than this part of their size: the output fits one piece, and little of it is wasted. */
const OUTPUT_PART = 1 / 4;

/**
 * Writes records of the log, one after the other, into a buffer that is used again. Nothing is allocated for an event.
 * The order of calls is: `beginSection`, `addEvent`s, perhaps other sections, `finish`.
 */
export class EventBatchWriter {
  readonly #maxBytes: number;
  #buffer: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #view = viewOf(this.#buffer);
  /** What the last event was copied from. */
  #source: Uint8Array = this.#buffer;
  #sourceView = this.#view;
  #length = 0;
  #eventCount = 0;
  #sectionStart = -1;
  #entryStart = 0;
  #countAt = 0;
  #sectionEvents = 0;
  #receivedAtMs = 0;

  /** @param maxBytes the largest body before compression, up to {@link MAX_BATCH_BYTES} */
  constructor(maxBytes: number = MAX_BATCH_BYTES) {
    if (!(maxBytes > 0 && maxBytes <= MAX_BATCH_BYTES)) {
      throw Failure.invalidField("maxBytes", `must be 1 to ${MAX_BATCH_BYTES}`);
    }
    this.#maxBytes = maxBytes;
  }

  /** How many events the record has so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** How many bytes the body has so far, before compression. */
  get byteLength(): number {
    return this.#length;
  }

  /**
   * Begins a section: the events that follow are its own. A section that gets no event leaves no trace. A user agent
   * is cut at 512 bytes.
   *
   * @returns false, changing nothing, when the record has no room for it
   */
  beginSection(header: SectionHeader): boolean {
    this.#endSection();
    const needed = SECTION_OVERHEAD_BYTES + 3 * header.projectId.length + MAX_USER_AGENT_BYTES;
    if (this.#length + needed > this.#maxBytes && this.#eventCount > 0) return false;
    this.#reserve(needed + 3 * header.userAgent.length);
    this.#sectionStart = this.#length;
    this.#entryStart = this.#length;
    this.#text(header.projectId, MAX_PROJECT_ID_BYTES, "project_id");
    this.#varint(header.revision, "revision");
    this.#varint(header.processingVersion, "processing_version");
    this.#buffer[this.#length++] = header.imported ? SECTION_IMPORTED : 0;
    this.#varint(header.receivedAtMs, "received_at");
    this.#userAgent(header.userAgent);
    this.#countAt = this.#length;
    this.#length += 2;
    this.#receivedAtMs = header.receivedAtMs;
    return true;
  }

  /**
   * Adds an event to the section that was begun last, copying `buffer[from, to)`. Times are whole epoch milliseconds.
   *
   * @param assignedId the id that ingest gave to the event, or "" when the event has its own
   * @returns false, changing nothing, when the record is full; an event that fits no record at all is refused with
   *   `invalid`
   */
  addEvent(
    timeMs: number,
    claimTimeMs: number,
    late: boolean,
    assignedId: string,
    buffer: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    if (this.#sectionStart < 0) throw new Failure("internal", "INTERNAL", "An event was added before any section.");
    const needed = EVENT_OVERHEAD_BYTES + 3 * assignedId.length + (to - from);
    if (this.#length + needed > this.#maxBytes || this.#eventCount === MAX_BATCH_EVENTS) {
      if (this.#eventCount > 0) return false;
      throw new Failure("invalid", "EVENT_TOO_LARGE", `An event of ${to - from} bytes fits no record.`);
    }
    this.#reserve(needed);
    this.#entryStart = this.#length;
    const claimDiffers = claimTimeMs !== timeMs;
    this.#buffer[this.#length++] =
      (late ? EVENT_LATE : 0) | (assignedId === "" ? 0 : EVENT_ASSIGNED_ID) | (claimDiffers ? EVENT_CLAIM_TIME : 0);
    this.#signed(timeMs - this.#receivedAtMs);
    if (claimDiffers) this.#signed(claimTimeMs - timeMs);
    if (assignedId !== "") this.#text(assignedId, MAX_ASSIGNED_ID_BYTES, "event_id");
    this.#varint(to - from, "event");
    this.#copy(buffer, from, to);
    this.#sectionEvents++;
    this.#eventCount++;
    return true;
  }

  /** Gives the record in bytes of its own, and makes the writer ready for the next one. At least one event is needed. */
  finish(): Uint8Array {
    this.#endSection();
    if (this.#eventCount === 0) throw new Failure("internal", "INTERNAL", "A record without events was finished.");
    const body = this.#buffer.subarray(0, this.#length);
    const packed = body.length >= COMPRESS_FROM_BYTES ? compress(body) : body;
    const compressed = packed.length + RAW_LENGTH_BYTES < body.length;
    const stored = compressed ? packed : body;
    const bodyAt = HEADER_BYTES + (compressed ? RAW_LENGTH_BYTES : 0);
    const record = Buffer.allocUnsafeSlow(bodyAt + stored.length + CHECKSUM_BYTES);
    record[0] = FORMAT_VERSION;
    record[1] = compressed ? RECORD_COMPRESSED : 0;
    if (compressed) record.writeUInt32LE(body.length, HEADER_BYTES);
    record.set(stored, bodyAt);
    const end = bodyAt + stored.length;
    record.writeUInt32LE(crc32(record.subarray(0, end)), end);
    this.reset();
    return record;
  }

  /** Forgets what was added since the last `finish`. */
  reset(): void {
    // What it was copied from is not kept alive.
    this.#source = this.#buffer;
    this.#sourceView = this.#view;
    this.#length = 0;
    this.#eventCount = 0;
    this.#sectionEvents = 0;
    this.#sectionStart = -1;
  }

  #endSection(): void {
    if (this.#sectionStart < 0) return;
    if (this.#sectionEvents === 0) this.#length = this.#sectionStart;
    else this.#buffer.writeUInt16LE(this.#sectionEvents, this.#countAt);
    this.#sectionStart = -1;
    this.#sectionEvents = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }

  #copy(source: Uint8Array, from: number, to: number): void {
    const at = this.#length;
    const length = to - from;
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceView = viewOf(source);
    }
    if (length < 8) {
      for (let i = 0; i < length; i++) this.#buffer[at + i] = source[from + i]!;
    } else {
      // Faster than `set` up to some kilobytes: it makes no object. The engine keeps these integers in registers.
      const target = this.#view;
      const view = this.#sourceView;
      const last = length - 8;
      for (let i = 0; i < last; i += 8) target.setBigInt64(at + i, view.getBigInt64(from + i, true), true);
      target.setBigInt64(at + last, view.getBigInt64(from + last, true), true);
    }
    this.#length = at + length;
  }

  #varint(value: number, field: string): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      this.#undo();
      throw Failure.invalidField(field, "must be a whole number from 0 to 2^53 - 1");
    }
    let rest = value;
    // Bit operations are exact below 2^31, and most numbers are there.
    if (rest < 0x7fffffff) {
      while (rest >= 0x80) {
        this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
    }
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  #signed(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1, "time");
  }

  #text(text: string, maxBytes: number, field: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes === 0 || bytes > maxBytes) {
      this.#undo();
      throw Failure.invalidField(field, `must have 1 to ${maxBytes} bytes`);
    }
    this.#varint(bytes, field);
    this.#length += this.#buffer.write(text, this.#length, bytes);
  }

  #userAgent(text: string): void {
    const at = this.#length;
    // Buffer.write stops before a character that does not fit whole.
    const bytes = this.#buffer.write(text, at + 2, MAX_USER_AGENT_BYTES);
    this.#buffer.writeUInt16LE(bytes, at);
    this.#length = at + 2 + bytes;
  }

  /** Takes back the entry that a wrong argument left half written; a section's header takes the section with it. */
  #undo(): void {
    this.#length = this.#entryStart;
    if (this.#entryStart === this.#sectionStart) this.#sectionStart = -1;
  }
}

function compress(body: Buffer): Buffer {
  return zstdCompressSync(body, { params: ZSTD_PARAMS, chunkSize: Math.ceil(body.length * OUTPUT_PART) });
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
