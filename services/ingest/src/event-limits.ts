/**
 * What an event and a batch may be: the one table that both paths check. The contract (event.proto and
 * ingest_service.proto) promises these numbers; lengths are bytes of UTF-8 and all bounds are inclusive.
 */
export const EVENT_LIMITS = {
  eventBytes: 32 * 1024,
  eventIdBytes: 64,
  nameBytes: 128,
  /** `user_id`, `anonymous_id` and `session_id`. */
  personIdBytes: 128,
  properties: 100,
  propertyKeyBytes: 128,
  propertyTextBytes: 1024,
  /** How deeply lists and objects may be nested to be read at all; they are rejected as values at any depth. */
  nesting: 32,
  /** 1980-01-01T00:00:00Z, in epoch seconds. */
  minTimeSeconds: 315_532_800,
  /** 9999-12-31T23:59:59Z, the last second of a protobuf Timestamp. */
  maxTimeSeconds: 253_402_300_799,
  futureMs: 5 * 60_000,
} as const;

/** What a call may carry. */
export const BATCH_LIMITS = {
  events: 1000,
  /** A `Send` or an HTTP body, after decompression. */
  bodyBytes: 4 * 1024 * 1024,
  /** One message of a stream. */
  messageBytes: 1024 * 1024,
  streamIdBytes: 64,
} as const;

/** Keys that would change an object's nature where somebody puts properties into a plain one. */
export const RESERVED_PROPERTY_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Tells whether a Timestamp is one that an event may have, as far as that can be said without a clock. */
export function isTimeInRange(seconds: number, nanos: number): boolean {
  if (nanos < 0 || nanos > 999_999_999) return false;
  return seconds >= EVENT_LIMITS.minTimeSeconds && seconds <= EVENT_LIMITS.maxTimeSeconds;
}
