import { EVENT_LIMITS, isTimeInRange } from "../event-limits.ts";
import { isUtf8 } from "./utf8.ts";

// Tags of millrace.event.v1.Event and of what it holds: (field number << 3) | wire type.
const EVENT_ID = 0x0a;
const NAME = 0x12;
const TIME = 0x1a;
const USER_ID = 0x22;
const ANONYMOUS_ID = 0x2a;
const SESSION_ID = 0x32;
const PROPERTIES = 0x3a;
const LAST_KNOWN_FIELD = 7;
const LAST_KNOWN_TAG = (LAST_KNOWN_FIELD << 3) | 7;
const SECONDS = 0x08;
const NANOS = 0x10;
const STRUCT_ENTRY = 0x0a;
const ENTRY_KEY = 0x0a;
const ENTRY_VALUE = 0x12;
const VALUE_NULL = 0x08;
const VALUE_NUMBER = 0x11;
const VALUE_TEXT = 0x1a;
const VALUE_BOOL = 0x20;

/**
 * Walks encoded events in place, without making a string or an object, and finds what ingest needs of each. It knows
 * the encoding that every protobuf library writes, and says yes only to what is acceptable beyond doubt. What it does
 * not say yes to (an unusual encoding, or a fault) is for `examineEvent`, which decodes it, decides, and says why.
 * Reused from event to event: the fields tell of the event accepted last.
 */
export class EventScan {
  /** `event_id` is `bytes[idFrom, idTo)`: empty when there is none. */
  idFrom = 0;
  idTo = 0;
  /** `user_id`, likewise. */
  userFrom = 0;
  userTo = 0;
  /** `anonymous_id`, likewise. */
  anonymousFrom = 0;
  anonymousTo = 0;
  /** Whether the event has a time of its own; the seconds and nanoseconds as sent. */
  hasTime = false;
  seconds = 0;
  nanos = 0;

  #properties = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  /** Tells whether `bytes[from, to)` is an acceptable event in the usual encoding; how far in the future is not asked. */
  accepts(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > EVENT_LIMITS.eventBytes) return false;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.idFrom = this.idTo = this.userFrom = this.userTo = this.anonymousFrom = this.anonymousTo = 0;
    this.hasTime = false;
    this.seconds = this.nanos = this.#properties = 0;
    let named = false;
    let seen = 0;
    let at = from;
    while (at < to) {
      const tag = bytes[at++]!;
      if ((tag & 7) !== 2) {
        at = skipUnknown(bytes, at, to, tag);
        if (at < 0) return false;
        continue;
      }
      let length = at < to ? bytes[at++]! : 0x80;
      if (length >= 0x80) {
        if (at + 1 >= to) return false;
        length = (length & 0x7f) | ((bytes[at]! & 0x7f) << 7);
        if (bytes[at++]! >= 0x80) {
          // Three bytes reach far beyond the largest event.
          if (bytes[at]! >= 0x80) return false;
          length |= bytes[at++]! << 14;
        }
      }
      const end = at + length;
      if (end > to) return false;
      // A field that comes twice is merged by the other path, so that readers of the log need not.
      const bit = tag < LAST_KNOWN_TAG ? 1 << (tag >> 3) : 0;
      if ((seen & bit) !== 0) return false;
      seen |= bit;
      switch (tag) {
        case EVENT_ID:
          if (length > EVENT_LIMITS.eventIdBytes || !isText(bytes, this.#view, at, end)) return false;
          this.idFrom = at;
          this.idTo = end;
          break;
        case NAME:
          if (length > EVENT_LIMITS.nameBytes || !isText(bytes, this.#view, at, end)) return false;
          named = length > 0;
          break;
        case TIME:
          if (!this.#time(bytes, at, end)) return false;
          break;
        case USER_ID:
          if (length > EVENT_LIMITS.personIdBytes || !isText(bytes, this.#view, at, end)) return false;
          this.userFrom = at;
          this.userTo = end;
          break;
        case ANONYMOUS_ID:
          if (length > EVENT_LIMITS.personIdBytes || !isText(bytes, this.#view, at, end)) return false;
          this.anonymousFrom = at;
          this.anonymousTo = end;
          break;
        case SESSION_ID:
          if (length > EVENT_LIMITS.personIdBytes || !isText(bytes, this.#view, at, end)) return false;
          break;
        case PROPERTIES:
          if (!this.#struct(bytes, at, end)) return false;
          break;
        default:
          if (tag >= 0x80 || tag >> 3 === 0) return false;
      }
      at = end;
    }
    return named && (!this.hasTime || isTimeInRange(this.seconds, this.nanos));
  }

  #time(bytes: Uint8Array, from: number, to: number): boolean {
    this.hasTime = true;
    let at = from;
    while (at < to) {
      const tag = bytes[at++]!;
      let value = 0;
      let scale = 1;
      let byte = 0x80;
      // Six bytes hold every second until the year 9999, and every number of nanoseconds.
      for (let i = 0; i < 6 && byte >= 0x80; i++) {
        if (at >= to) return false;
        byte = bytes[at++]!;
        value += (byte & 0x7f) * scale;
        scale *= 0x80;
      }
      if (byte >= 0x80) return false;
      if (tag === SECONDS) this.seconds = value;
      else if (tag === NANOS && value <= 0x7fff_ffff) this.nanos = value;
      else return false;
    }
    return true;
  }

  #struct(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    while (at < to) {
      if (++this.#properties > EVENT_LIMITS.properties || bytes[at++] !== STRUCT_ENTRY || at >= to) return false;
      let length = bytes[at++]!;
      if (length >= 0x80) {
        if (at >= to || bytes[at]! >= 0x80) return false;
        length = (length & 0x7f) | (bytes[at++]! << 7);
      }
      const end = at + length;
      if (end > to || !this.#entry(bytes, at, end)) return false;
      at = end;
    }
    return true;
  }

  /** An entry of exactly a key and then a value, of exactly one kind. */
  #entry(bytes: Uint8Array, from: number, to: number): boolean {
    // The shortest: key tag, length, one byte; value tag, length, then a kind's tag and its byte.
    if (to - from < 7 || bytes[from] !== ENTRY_KEY) return false;
    let keyLength = bytes[from + 1]!;
    let keyFrom = from + 2;
    if (keyLength >= 0x80) {
      keyLength = (keyLength & 0x7f) | (bytes[keyFrom]! << 7);
      if (bytes[keyFrom++]! >= 0x80) return false;
    }
    const keyTo = keyFrom + keyLength;
    if (keyLength === 0 || keyLength > EVENT_LIMITS.propertyKeyBytes || keyTo + 4 > to) return false;
    if (!isText(bytes, this.#view, keyFrom, keyTo) || isReserved(bytes, keyFrom, keyLength)) return false;
    if (bytes[keyTo] !== ENTRY_VALUE) return false;
    let at = keyTo + 1;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      length = (length & 0x7f) | (bytes[at]! << 7);
      if (bytes[at++]! >= 0x80) return false;
    }
    if (at + length !== to || length < 2) return false;
    const tag = bytes[at++]!;
    if (tag === VALUE_TEXT) {
      let textLength = bytes[at++]!;
      if (textLength >= 0x80) {
        if (at >= to) return false;
        textLength = (textLength & 0x7f) | (bytes[at]! << 7);
        if (bytes[at++]! >= 0x80 || textLength > EVENT_LIMITS.propertyTextBytes) return false;
      }
      return at + textLength === to && isText(bytes, this.#view, at, to);
    }
    // A double is finite unless the eleven bits of its exponent are all set.
    if (tag === VALUE_NUMBER)
      return at + 8 === to && ((bytes[to - 1]! & 0x7f) !== 0x7f || (bytes[to - 2]! & 0xf0) !== 0xf0);
    if (tag === VALUE_BOOL) return at + 1 === to && bytes[at]! <= 1;
    return tag === VALUE_NULL && at + 1 === to && bytes[at] === 0;
  }

  /** Where the routing key is: the user, else the anonymous id, else the event id; empty when there is none of them. */
  get routeFrom(): number {
    return this.userTo > this.userFrom
      ? this.userFrom
      : this.anonymousTo > this.anonymousFrom
        ? this.anonymousFrom
        : this.idFrom;
  }

  get routeTo(): number {
    return this.userTo > this.userFrom
      ? this.userTo
      : this.anonymousTo > this.anonymousFrom
        ? this.anonymousTo
        : this.idTo;
  }
}

/** UTF-8; nearly always ASCII, of which eight bytes are seen at once. The last ones overlap, so that no byte is seen alone. */
function isText(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  let seen = 0;
  if (to - from >= 4) {
    const last = to - 4;
    for (let at = from; at < last; at += 4) seen |= view.getInt32(at, true);
    seen |= view.getInt32(last, true);
  } else {
    for (let at = from; at < to; at++) seen |= bytes[at]! << 24;
  }
  return (seen & 0x80808080) === 0 || isUtf8(bytes, from, to);
}

function isReserved(bytes: Uint8Array, from: number, length: number): boolean {
  if (length !== 9 && length !== 11) return false;
  const text = length === 11 ? "constructor" : bytes[from] === 0x5f ? "__proto__" : "prototype";
  for (let i = 0; i < length; i++) {
    if (bytes[from + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Where a field that is not of this version, and not length-delimited, ends; -1 when it is anything unusual. */
function skipUnknown(bytes: Uint8Array, from: number, to: number, tag: number): number {
  const field = tag >> 3;
  if (tag >= 0x80 || field <= LAST_KNOWN_FIELD) return -1;
  const wireType = tag & 7;
  if (wireType === 1) return from + 8 <= to ? from + 8 : -1;
  if (wireType === 5) return from + 4 <= to ? from + 4 : -1;
  if (wireType !== 0) return -1;
  for (let at = from; at < to && at < from + 5; at++) {
    if (bytes[at]! < 0x80) return at + 1;
  }
  return -1;
}
