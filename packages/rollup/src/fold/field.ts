import type { FoldEvent, PropertyValue } from "./fold-event.ts";

/**
 * Reads one field of an event. `slots` holds the values of the properties that the plan asked for, each at its slot,
 * undefined where the event has no such property. Undefined: the field is absent.
 */
export type FieldReader = (
  event: FoldEvent,
  slots: readonly (PropertyValue | undefined)[],
) => PropertyValue | undefined;

/** Gives the slot in which a property will be found, so that each property is looked up once per event. */
export type SlotOfProperty = (key: string) => number;

/**
 * The fields that enrichment derives from an event, by name, such as "page" or "browser": each makes its reader once
 * per plan. A reader is a pure function of the event (P3) and gives undefined, or "", for what is not known. "bot" gives
 * a boolean. Readers may keep what they worked out for the last event, since fields of one event are read together.
 */
export type DerivedFields = ReadonlyMap<string, (slotOf: SlotOfProperty) => FieldReader>;

/** No derived fields: names of derived fields are then read as properties. */
export const NO_DERIVED_FIELDS: DerivedFields = new Map();

/** The fields of an event itself, in the names that metrics, dimensions and filters use. */
const OWN: Readonly<Record<string, FieldReader>> = {
  name: (event) => text(event.name),
  event_id: (event) => text(event.eventId),
  user_id: (event) => text(event.userId),
  anonymous_id: (event) => text(event.anonymousId),
  session_id: (event) => text(event.sessionId),
  visitor: (event) => text(event.userId !== "" ? event.userId : event.anonymousId),
  time: (event) => new Date(event.timeMs).toISOString(),
  received_at: (event) => new Date(event.receivedAtMs).toISOString(),
  late: (event) => event.late,
};

/** The names of an event's own fields. "time" and "received_at" are text as of `Date.toISOString`. */
export const OWN_FIELDS: readonly string[] = Object.keys(OWN);

/** The names of the derived fields, which enrichment gives. */
export const DERIVED_FIELDS: readonly string[] = [
  "page",
  "referrer_source",
  "browser",
  "os",
  "device",
  "bot",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content",
];

const PROPERTY_PREFIX = "properties.";

/**
 * Makes the reader of the field that `name` names: one of the event's own, else a derived one, else the property with
 * that key. "properties.KEY" is always the property KEY.
 */
export function fieldReader(name: string, derived: DerivedFields, slotOf: SlotOfProperty): FieldReader {
  if (name.startsWith(PROPERTY_PREFIX)) return propertyReader(slotOf(name.slice(PROPERTY_PREFIX.length)));
  if (Object.hasOwn(OWN, name)) return OWN[name]!;
  const bind = derived.get(name);
  return bind !== undefined ? bind(slotOf) : propertyReader(slotOf(name));
}

function propertyReader(slot: number): FieldReader {
  return (_event, slots) => slots[slot];
}

function text(value: string): string | undefined {
  return value === "" ? undefined : value;
}
