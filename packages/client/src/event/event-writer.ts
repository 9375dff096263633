import type { EventDefaults, EventOptions, Properties, PropertyValue } from "../track.ts";
import { EventIds } from "./event-id.ts";
import { EVENT_LIMITS, RESERVED_KEYS } from "./event-limits.ts";
import { Unacceptable } from "./unacceptable.ts";

/** The tag of `StreamRequest.events`, with which each event begins in a batch. */
export const EVENTS_TAG = 0x1a;

/** The wire tags of the fields that are written: number and type in one byte. */
const TAG = {
  eventId: 0x0a,
  name: 0x12,
  time: 0x1a,
  userId: 0x22,
  anonymousId: 0x2a,
  sessionId: 0x32,
  properties: 0x3a,
  seconds: 0x08,
  nanos: 0x10,
  entry: 0x0a,
  entryKey: 0x0a,
  entryValue: 0x12,
  numberValue: 0x11,
  stringValue: 0x1a,
  boolValue: 0x20,
} as const;

/** Room for a frame around the largest event, and for one property beyond it. */
const SCRATCH_BYTES = EVENT_LIMITS.eventBytes + 8 * 1024;
const ASCII_LOOP_MAX = 64;
const UUID_CHARACTERS = 36;
const NO_PROPERTIES: Properties = {};
const encoder = new TextEncoder();

/**
 * Encodes events as they are tracked, by hand and into one scratch area, so that a call makes no objects. What is
 * written is a field `events` of a StreamRequest: tag, length, event.
 */
export class EventWriter {
  readonly #bytes = new Uint8Array(SCRATCH_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #ids = new EventIds();
  #at = 0;
  #properties = 0;

  /**
   * The event's frame; valid until the next call.
   *
   * @param nowMs the event's time unless the options say one
   * @throws Unacceptable when the server would reject the event
   */
  write(
    name: string,
    properties: Properties | undefined,
    options: EventOptions | undefined,
    defaults: EventDefaults,
    nowMs: number,
  ): Uint8Array {
    // Tag and a length of three bytes, as the longest needs; shorter ones leave bytes at the beginning unused.
    this.#at = 4;
    this.#id(options?.eventId, nowMs);
    if (name === "") throw new Unacceptable("EVENT_NAME_MISSING", "name", "An event needs a name.");
    this.#text(TAG.name, "name", name, EVENT_LIMITS.nameBytes);
    this.#time(options?.time === undefined ? nowMs : timeMsOf(options.time));
    this.#person(TAG.userId, "userId", options?.userId ?? defaults.userId);
    this.#person(TAG.anonymousId, "anonymousId", options?.anonymousId ?? defaults.anonymousId);
    this.#person(TAG.sessionId, "sessionId", options?.sessionId ?? defaults.sessionId);
    this.#struct(properties ?? NO_PROPERTIES, defaults.properties);
    return this.#frame();
  }

  #frame(): Uint8Array {
    const length = this.#at - 4;
    if (length > EVENT_LIMITS.eventBytes) throw tooLarge();
    const bytes = this.#bytes;
    if (length < 0x80) {
      bytes[2] = EVENTS_TAG;
      bytes[3] = length;
      return bytes.subarray(2, this.#at);
    }
    if (length < 0x4000) {
      bytes[1] = EVENTS_TAG;
      bytes[2] = (length & 0x7f) | 0x80;
      bytes[3] = length >>> 7;
      return bytes.subarray(1, this.#at);
    }
    bytes[0] = EVENTS_TAG;
    bytes[1] = (length & 0x7f) | 0x80;
    bytes[2] = ((length >>> 7) & 0x7f) | 0x80;
    bytes[3] = length >>> 14;
    return bytes.subarray(0, this.#at);
  }

  #id(eventId: string | undefined, nowMs: number): void {
    if (eventId !== undefined && eventId !== "") {
      this.#text(TAG.eventId, "eventId", eventId, EVENT_LIMITS.eventIdBytes);
      return;
    }
    this.#bytes[this.#at++] = TAG.eventId;
    this.#bytes[this.#at++] = UUID_CHARACTERS;
    this.#ids.write(this.#bytes, this.#at, nowMs);
    this.#at += UUID_CHARACTERS;
  }

  #person(tag: number, field: string, id: string | undefined): void {
    if (id !== undefined && id !== "") this.#text(tag, field, id, EVENT_LIMITS.personIdBytes);
  }

  #time(timeMs: number): void {
    // A comparison with NaN is false.
    if (!(timeMs >= EVENT_LIMITS.minTimeMs && timeMs <= EVENT_LIMITS.maxTimeMs)) {
      throw new Unacceptable("EVENT_TIME_INVALID", "time", "The time is not a moment from 1980 to 9999.");
    }
    const seconds = Math.floor(timeMs / 1000);
    const nanos = Math.round((timeMs - seconds * 1000) * 1_000_000);
    this.#bytes[this.#at++] = TAG.time;
    const lengthAt = this.#at++;
    this.#bytes[this.#at++] = TAG.seconds;
    this.#varint(seconds);
    if (nanos > 0 && nanos < 1_000_000_000) {
      this.#bytes[this.#at++] = TAG.nanos;
      this.#varint(nanos);
    }
    this.#bytes[lengthAt] = this.#at - lengthAt - 1;
  }

  #struct(properties: Properties, defaults: Properties | undefined): void {
    if (typeof properties !== "object") {
      throw new Unacceptable("EVENT_MALFORMED", "properties", "Properties are an object.");
    }
    this.#bytes[this.#at++] = TAG.properties;
    const lengthAt = this.#at;
    // Most have more than 127 bytes and fewer than 16,384.
    this.#at += 2;
    this.#properties = 0;
    for (const key in properties) this.#property(key, properties[key]);
    if (defaults !== undefined) {
      for (const key in defaults) if (properties[key] === undefined) this.#property(key, defaults[key]);
    }
    if (this.#properties === 0) this.#at = lengthAt - 1;
    else this.#closeAt(lengthAt, 2);
  }

  #property(key: string, value: PropertyValue): void {
    if (value === undefined || value === null) return;
    if (++this.#properties > EVENT_LIMITS.properties) {
      const limit = `An event has at most ${EVENT_LIMITS.properties} properties.`;
      throw new Unacceptable("EVENT_PROPERTIES_TOO_MANY", "properties", limit);
    }
    if (key === "" || RESERVED_KEYS.has(key)) {
      throw new Unacceptable("EVENT_PROPERTY_KEY_INVALID", `properties.${key}`, "The key is empty or reserved.");
    }
    const bytes = this.#bytes;
    bytes[this.#at++] = TAG.entry;
    const entryAt = this.#at++;
    bytes[this.#at++] = TAG.entryKey;
    const keyBytes = this.#string(key);
    if (keyBytes > EVENT_LIMITS.propertyKeyBytes) {
      const limit = `A key has at most ${EVENT_LIMITS.propertyKeyBytes} bytes.`;
      throw new Unacceptable("EVENT_PROPERTY_KEY_INVALID", `properties.${key.slice(0, 32)}…`, limit);
    }
    bytes[this.#at++] = TAG.entryValue;
    this.#value(key, value);
    this.#closeAt(entryAt, 1);
    if (this.#at - 4 > EVENT_LIMITS.eventBytes) throw tooLarge();
  }

  #value(key: string, value: PropertyValue): void {
    const bytes = this.#bytes;
    if (typeof value === "number" && Number.isFinite(value)) {
      bytes[this.#at++] = 9;
      bytes[this.#at++] = TAG.numberValue;
      this.#view.setFloat64(this.#at, value, true);
      this.#at += 8;
    } else if (typeof value === "boolean") {
      bytes[this.#at++] = 2;
      bytes[this.#at++] = TAG.boolValue;
      bytes[this.#at++] = value ? 1 : 0;
    } else if (typeof value === "string") {
      const valueAt = this.#at++;
      bytes[this.#at++] = TAG.stringValue;
      if (this.#string(value) > EVENT_LIMITS.propertyTextBytes) throw tooLong(`properties.${key}`);
      this.#closeAt(valueAt, 1);
    } else {
      const allowed = "A value is a string, a finite number, a boolean, or null.";
      throw new Unacceptable("EVENT_PROPERTY_VALUE_INVALID", `properties.${key}`, allowed);
    }
  }

  #text(tag: number, field: string, text: string, maxBytes: number): void {
    if (typeof text !== "string") throw new Unacceptable("EVENT_MALFORMED", field, "This must be a string.");
    this.#bytes[this.#at++] = tag;
    if (this.#string(text) > maxBytes) throw tooLong(field, maxBytes);
  }

  /** Writes length and UTF-8; gives the bytes of the text, beyond all limits for what surely is too long. */
  #string(text: string): number {
    const { length } = text;
    if (length > EVENT_LIMITS.propertyTextBytes) return Number.POSITIVE_INFINITY;
    const bytes = this.#bytes;
    const lengthAt = this.#at++;
    if (length <= ASCII_LOOP_MAX) {
      let i = 0;
      for (let at = this.#at; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at++] = code;
      }
      if (i === length) {
        bytes[lengthAt] = length;
        this.#at += length;
        return length;
      }
    }
    const { written } = encoder.encodeInto(text, bytes.subarray(this.#at));
    this.#at += written;
    this.#closeAt(lengthAt, 1);
    return written;
  }

  /** Writes the length of what was written since, for which `reserved` bytes were left at `lengthAt`. */
  #closeAt(lengthAt: number, reserved: 1 | 2): void {
    const bytes = this.#bytes;
    const from = lengthAt + reserved;
    const length = this.#at - from;
    const needed = length < 0x80 ? 1 : length < 0x4000 ? 2 : 3;
    if (needed !== reserved) {
      bytes.copyWithin(lengthAt + needed, from, this.#at);
      this.#at += needed - reserved;
    }
    for (let rest = length, i = 0; i < needed; i++, rest >>>= 7) {
      bytes[lengthAt + i] = i === needed - 1 ? rest : (rest & 0x7f) | 0x80;
    }
  }

  /** A non-negative integer below 2^53. */
  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }
}

function timeMsOf(time: Date | number | string): number {
  if (typeof time === "number") return time;
  return typeof time === "string" ? Date.parse(time) : time.getTime();
}

function tooLong(field: string, maxBytes: number = EVENT_LIMITS.propertyTextBytes): Unacceptable {
  return new Unacceptable("EVENT_FIELD_TOO_LONG", field, `The text has more than ${maxBytes} bytes of UTF-8.`);
}

function tooLarge(): Unacceptable {
  return new Unacceptable("EVENT_TOO_LARGE", "", `An event has at most ${EVENT_LIMITS.eventBytes} bytes.`);
}
