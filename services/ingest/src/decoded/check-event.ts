import type { Event } from "@millrace/api/millrace/event/v1/event_pb";
import { EVENT_LIMITS, isTimeInRange, RESERVED_PROPERTY_KEYS } from "../event-limits.ts";
import type { Rejection } from "../rejection.ts";

/**
 * Checks a decoded event against every limit but that of the future, which needs a clock. Fields are checked in the
 * order of their numbers, properties in the order of the map; the first fault is told. Duplicate fields were merged by
 * the decoder as protobuf says (the last text wins, messages merge, the last entry of a key wins), so an overridden
 * value is not judged.
 */
export function checkEvent(event: Event): Rejection | undefined {
  if (event.name === "") return { reason: "EVENT_NAME_MISSING", field: "name", message: "is required" };
  return (
    tooLong("event_id", event.eventId, EVENT_LIMITS.eventIdBytes) ??
    tooLong("name", event.name, EVENT_LIMITS.nameBytes) ??
    checkTime(event) ??
    tooLong("user_id", event.userId, EVENT_LIMITS.personIdBytes) ??
    tooLong("anonymous_id", event.anonymousId, EVENT_LIMITS.personIdBytes) ??
    tooLong("session_id", event.sessionId, EVENT_LIMITS.personIdBytes) ??
    checkProperties(event)
  );
}

function tooLong(field: string, text: string, limit: number): Rejection | undefined {
  const length = Buffer.byteLength(text);
  if (length <= limit) return undefined;
  return { reason: "EVENT_FIELD_TOO_LONG", field, message: `has ${length} bytes; at most ${limit} are allowed` };
}

function checkTime({ time }: Event): Rejection | undefined {
  if (time === undefined || isTimeInRange(Number(time.seconds), time.nanos)) return undefined;
  const message = "must be a valid timestamp of 1980-01-01 or later";
  return { reason: "EVENT_TIME_INVALID", field: "time", message };
}

function checkProperties(event: Event): Rejection | undefined {
  const fields = event.properties ?? {};
  const keys = Object.keys(fields);
  if (keys.length > EVENT_LIMITS.properties) {
    const message = `has ${keys.length} keys; at most ${EVENT_LIMITS.properties} are allowed`;
    return { reason: "EVENT_PROPERTIES_TOO_MANY", field: "properties", message };
  }
  for (const key of keys) {
    const fault = checkKey(key) ?? checkValue(key, fields[key]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function checkKey(key: string): Rejection | undefined {
  const reason = "EVENT_PROPERTY_KEY_INVALID";
  if (key === "") return { reason, field: "properties", message: "has an empty key" };
  const length = Buffer.byteLength(key);
  if (length > EVENT_LIMITS.propertyKeyBytes) {
    const message = `has a key of ${length} bytes; at most ${EVENT_LIMITS.propertyKeyBytes} are allowed`;
    return { reason, field: "properties", message };
  }
  if (RESERVED_PROPERTY_KEYS.has(key)) return { reason, field: `properties.${key}`, message: "is a reserved key" };
  return undefined;
}

function checkValue(key: string, value: unknown): Rejection | undefined {
  const reason = "EVENT_PROPERTY_VALUE_INVALID";
  const field = `properties.${key}`;
  switch (typeof value) {
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : { reason, field, message: "must be a finite number" };
    case "string":
      return tooLong(field, value, EVENT_LIMITS.propertyTextBytes);
    default:
      return value === null ? undefined : { reason, field, message: "must be a text, a number, a boolean or null" };
  }
}
