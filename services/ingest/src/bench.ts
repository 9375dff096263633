import { constants, zstdCompressSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { StreamRequestSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { EventAppender } from "@millrace/event-log";
import type { Meter } from "@opentelemetry/api";
import { Intake } from "./intake.ts";
import { DEFAULT_INGEST_LIMITS } from "./limits.ts";
import { OutcomeCounters } from "./outcome-counters.ts";
import { readStreamRequest, type StreamFrame } from "./scan/batch-frame.ts";
import { EventScan } from "./scan/event-scan.ts";
import { stampRulesOf } from "./stamp-rules.ts";

/** What {@link measureIntake} found, in events a second of one core. */
export type IntakeFigures = {
  /** Validates the framing of each event and counts its properties: what can't be avoided. */
  readonly bareScan: number;
  /** The scan alone: every limit, UTF-8, id, routing key and time. */
  readonly scan: number;
  /** All of it: messages read, events scanned, checked for repeats, stamped, routed, and packed into records. */
  readonly intake: number;
  /** The part of it that is not ours: zstd alone, of as many bytes at a time as a record of the intake has. */
  readonly compression: number;
  readonly eventBytes: number;
};

/** A log that forgets: what is left is the cost of getting there. */
export function forgetfulLog(partitions: number): EventAppender {
  let offset = 0;
  return {
    generation: 1,
    partitions,
    maxRecordBytes: 2 << 20,
    append: async () => ({ offset: offset++, appendTimeMs: 0 }),
  };
}

/**
 * A typical event: a UUIDv7, a user, a session and six properties, some 240 bytes.
 *
 * @param index sets it apart from others
 */
export function benchEvent(index: number, nowMs: number) {
  const hex = index.toString(16).padStart(12, "0");
  const time = nowMs.toString(16).padStart(12, "0");
  return create(EventSchema, {
    eventId: `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${hex}`,
    name: index % 3 === 0 ? "page_view" : "click",
    time: { seconds: BigInt(Math.floor(nowMs / 1000)), nanos: (index % 1000) * 1_000_000 },
    userId: `user-${index % 10_000}`,
    sessionId: `session-${index % 20_000}`,
    properties: {
      page: `/products/${index % 500}`,
      referrer: "https://www.example.org/search",
      country: "DE",
      price: (index % 1000) / 4,
      logged_in: index % 2 === 0,
      device: "desktop",
    },
  });
}

/** Encoded StreamRequests of `perMessage` events. Ids repeat from message to message only when `count` is reused. */
export function benchMessages(count: number, perMessage: number, nowMs: number, firstEvent = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, m) =>
    toBinary(
      StreamRequestSchema,
      create(StreamRequestSchema, {
        streamId: "bench",
        sequence: BigInt(m + 1),
        events: Array.from({ length: perMessage }, (_, i) => benchEvent(firstEvent + m * perMessage + i, nowMs)),
      }),
    ),
  );
}

/**
 * Compares the whole intake with a bare scan of the same bytes, in turns, without RPC. Works for some
 * `rounds` * 4 * 0.2 seconds.
 *
 * @param spread over how many of 8 partitions the events go
 */
export async function measureIntake(spread: number, meter: Meter, rounds = 5): Promise<IntakeFigures> {
  const nowMs = 1_772_366_400_000;
  const lateWindows = [{ window: { seconds: 172_800n } }];
  const rules = stampRulesOf(create(DefinitionsSchema, { projectId: "bench", revision: 1n, spread, lateWindows }));
  const perMessage = 500;
  const messages = benchMessages(40, perMessage, nowMs).map((bytes) => Buffer.from(bytes));
  const ofMessage = messages.map((bytes) => readStreamRequest(bytes));
  const counters = new OutcomeCounters(meter);
  const scan = new EventScan();
  const intake = new Intake(forgetfulLog(8), counters, DEFAULT_INGEST_LIMITS);
  let pass = 0;
  const figures = {
    bareScan: [] as number[],
    scan: [] as number[],
    intake: [] as number[],
    compression: [] as number[],
  };
  for (let round = 0; round <= rounds; round++) {
    const bare = await rate(perMessage, messages.length, (m) => {
      const { bytes, ranges, count } = ofMessage[m]!;
      for (let i = 0; i < count; i++) bareScan(bytes, ranges[2 * i]!, ranges[2 * i + 1]!);
    });
    const scanned = await rate(perMessage, messages.length, (m) => {
      const { bytes, ranges, count } = ofMessage[m]!;
      for (let i = 0; i < count; i++) scan.accepts(bytes, ranges[2 * i]!, ranges[2 * i + 1]!);
    });
    let untimed = 0;
    const taken = await rate(
      perMessage,
      messages.length,
      async (m) => {
        if (m === 0) {
          const begun = performance.now();
          pass++;
          for (const frame of ofMessage) renumber(frame, pass);
          untimed += performance.now() - begun;
        }
        const frame = readStreamRequest(messages[m]!);
        const batch = intake.take(frame, { rules, imported: false, userAgent: "", receivedAtMs: nowMs });
        if (m % 8 === 7) await batch.settled;
      },
      () => untimed,
    );
    const compressed = await rate(perMessage, messages.length, (m) => {
      zstdCompressSync(messages[m]!, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    });
    // The first round warms up.
    if (round === 0) continue;
    figures.bareScan.push(bare);
    figures.scan.push(scanned);
    figures.intake.push(taken);
    figures.compression.push(compressed);
  }
  const eventBytes = Math.round(messages.reduce((sum, { length }) => sum + length, 0) / (messages.length * perMessage));
  return {
    bareScan: median(figures.bareScan),
    scan: median(figures.scan),
    intake: median(figures.intake),
    compression: median(figures.compression),
    eventBytes,
  };
}

async function rate(
  perMessage: number,
  messages: number,
  work: (message: number) => void | Promise<void>,
  untimedMs: () => number = () => 0,
): Promise<number> {
  const begun = performance.now();
  let events = 0;
  do {
    for (let m = 0; m < messages; m++) {
      const working = work(m);
      if (working !== undefined) await working;
    }
    events += messages * perMessage;
  } while (performance.now() - begun < 200);
  return (events / (performance.now() - begun - untimedMs())) * 1000;
}

/** Writes another number into the ids of a message's events, so that they are new to whoever saw them before. */
function renumber({ bytes, ranges, count }: StreamFrame, pass: number): void {
  for (let i = 0; i < count; i++) {
    // Past the tag and the length of the id, into its last twelve digits, of which the low ones count events.
    const at = ranges[2 * i]! + 2 + 24;
    for (let digit = 0; digit < 4; digit++) bytes[at + digit] = 0x30 + ((pass >> (3 * digit)) & 7);
  }
}

let seen = 0;

/**
 * The least that any reader of events does: validates the framing of the event and of its map of properties, finds the
 * id, counts the properties. No text is looked at, nothing is hashed, no limit is asked.
 *
 * @throws RangeError for an event that is not well-formed, or has no id
 */
function bareScan(bytes: Uint8Array, from: number, to: number): void {
  let at = from;
  let idAt = -1;
  let properties = 0;
  function varint(): number {
    let byte = bytes[at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return value;
  }
  while (at < to) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 2) {
      const end = varint() + at;
      if (tag === 0x0a) idAt = at;
      while (tag === 0x3a && at < end) {
        if (varint() !== 0x0a) throw new RangeError("a map has entries only");
        const length = varint();
        at += length;
        properties++;
      }
      if (at > end) throw new RangeError("an entry reaches out of its map");
      at = end;
    } else if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else throw new RangeError("no such wire type");
  }
  if (at !== to || idAt < 0) throw new RangeError("the event is not well-formed");
  seen += properties;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Keeps the bare scan from being optimised away. */
export function scannedFields(): number {
  return seen;
}
