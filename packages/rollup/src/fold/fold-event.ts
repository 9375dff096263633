/** The value of a property, as an event carries it. */
export type PropertyValue = string | number | boolean;

/**
 * An event as the fold sees it. Decoders reuse one object from event to event; whoever keeps a value copies it. Absent
 * text is "".
 */
export type FoldEvent = {
  name: string;
  eventId: string;
  userId: string;
  anonymousId: string;
  sessionId: string;
  /** Keys of the properties present, in order of appearance, `count` of them; a later key wins over the same earlier. */
  keys: string[];
  /** The values beside the keys. */
  values: PropertyValue[];
  /** How many of `keys` and `values` are in use. */
  count: number;
  /** The event's time after correction, in epoch milliseconds, as stamped by ingest. */
  timeMs: number;
  /** When ingest received it, in epoch milliseconds. */
  receivedAtMs: number;
  /** Whether ingest stamped it late. */
  late: boolean;
  /** The User-Agent header of the request that brought it, where ingest stamped one. */
  userAgent: string;
};
