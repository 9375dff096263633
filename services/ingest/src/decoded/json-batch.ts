import { isUtf8 } from "node:buffer";
import { Failure } from "@millrace/failure";
import { BATCH_LIMITS } from "../event-limits.ts";
import type { Rejection } from "../rejection.ts";
import { type BatchFrame, batchTooLarge } from "../scan/batch-frame.ts";
import { encodeJsonEvent, type UnknownFields } from "./encode-json-event.ts";
import { readJsonTime } from "./json-time.ts";

/** Events that came as JSON, encoded. */
export type JsonBatch = {
  readonly frame: BatchFrame;
  /** The events that have no encoding, and why. */
  readonly rejected: ReadonlyMap<number, Rejection>;
  /** The id that an event came with, "" for none. */
  readonly idOf: (index: number) => string;
};

/** `send`: a SendRequest. `events`: what people write: one event, an array of them, a SendRequest, or NDJSON. */
export type JsonForm = "send" | "events";

type Parsed = { readonly events: readonly unknown[]; readonly sentAt: unknown };

/** Stands for a line of NDJSON that can't be parsed. */
const UNREADABLE = Symbol("unreadable");

/**
 * Reads events from JSON. One that can't be understood is rejected alone; a text that is no JSON fails as a whole.
 * Whole numbers beyond 2^53 become texts of the same digits: an id must not change on its way.
 *
 * @throws Failure `invalid`: REQUEST_MALFORMED, BATCH_TOO_LARGE, or FIELD_INVALID for `sent_at`
 */
export function readJsonBatch(body: Uint8Array, form: JsonForm): JsonBatch {
  if (!isUtf8(body)) throw unreadable("The body is not valid UTF-8.");
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
  const { events, sentAt } = form === "send" ? parseSend(text) : parseEvents(text);
  if (events.length > BATCH_LIMITS.events) throw batchTooLarge();
  const unknownFields: UnknownFields = form === "send" ? "ignore" : "reject";
  const rejected = new Map<number, Rejection>();
  const encoded: Uint8Array[] = [];
  const ranges = new Int32Array(2 * events.length);
  let at = 0;
  for (const [i, event] of events.entries()) {
    const bytes = event === UNREADABLE ? notJson() : encodeJsonEvent(event, unknownFields);
    if (bytes instanceof Uint8Array) {
      encoded.push(bytes);
      ranges[2 * i] = at;
      at += bytes.length;
      ranges[2 * i + 1] = at;
    } else {
      rejected.set(i, bytes);
    }
  }
  const frame = { bytes: Buffer.concat(encoded, at), count: events.length, ranges, sentAtMs: sentAtMs(sentAt) };
  return { frame, rejected, idOf: (index) => readableId(events[index]) };
}

function parseSend(text: string): Parsed {
  const request = parseJson(text);
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    throw unreadable("The body is not a SendRequest: it must be a JSON object.");
  }
  return fromRequest(request);
}

function parseEvents(text: string): Parsed {
  const trimmed = text.trim();
  if (trimmed === "") return { events: [], sentAt: undefined };
  let whole: unknown;
  try {
    whole = parseJson(trimmed);
  } catch (failure) {
    const lines = trimmed.split("\n");
    if (lines.length === 1 || trimmed.startsWith("[")) throw failure;
    return { events: parseLines(lines), sentAt: undefined };
  }
  if (Array.isArray(whole)) return { events: whole, sentAt: undefined };
  if (typeof whole === "object" && whole !== null && Object.hasOwn(whole, "events")) return fromRequest(whole);
  return { events: [whole], sentAt: undefined };
}

function parseLines(lines: readonly string[]): unknown[] {
  const events: unknown[] = [];
  for (const line of lines) {
    if (line.trim() === "") continue;
    if (events.length === BATCH_LIMITS.events) throw batchTooLarge();
    try {
      events.push(parseJson(line));
    } catch {
      events.push(UNREADABLE);
    }
  }
  return events;
}

function fromRequest(request: object): Parsed {
  const fields = new Map<string, unknown>(Object.entries(request));
  const events = fields.get("events") ?? [];
  if (!Array.isArray(events)) throw unreadable("The field events must be an array.");
  return { events, sentAt: fields.get("sentAt") ?? fields.get("sent_at") ?? undefined };
}

function parseJson(text: string): unknown {
  try {
    // Numbers of fewer digits are exact; the usual case is spared the slower way.
    return /\d{16}/.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (cause) {
    throw unreadable("The body is not valid JSON.", cause);
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) ? source : value;
}

function sentAtMs(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const moment = readJsonTime(value);
  if (moment === undefined || moment.seconds < 0) {
    throw Failure.invalidField("sent_at", "must be a time with a zone, such as 2026-03-01T12:00:00Z");
  }
  return moment.seconds * 1000 + Math.floor(moment.nanos / 1e6);
}

function readableId(event: unknown): string {
  if (typeof event !== "object" || event === null) return "";
  const fields = new Map<string, unknown>(Object.entries(event));
  const id = fields.get("event_id") ?? fields.get("eventId");
  if (typeof id === "number") return String(id);
  return typeof id === "string" && id.length <= 64 && id.isWellFormed() ? id : "";
}

function notJson(): Rejection {
  return { reason: "EVENT_MALFORMED", field: "", message: "is not valid JSON" };
}

function unreadable(message: string, cause?: unknown): Failure {
  return new Failure("invalid", "REQUEST_MALFORMED", message, { cause });
}
