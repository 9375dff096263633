/** What a property may be. Null and undefined mean that it is absent. */
export type PropertyValue = string | number | boolean | null | undefined;

/**
 * What else is known of an event: at most 100 keys of 1 to 128 bytes of UTF-8; text has at most 1,024 bytes, numbers are
 * finite. There are no lists and no nested objects.
 */
export type Properties = Readonly<Record<string, PropertyValue>>;

/** Who and when; all of it may be left out. */
export type EventOptions = {
  /** The signed-in user, at most 128 bytes of UTF-8. */
  readonly userId?: string | undefined;
  /** The device or browser, at most 128 bytes. */
  readonly anonymousId?: string | undefined;
  /** The visit, at most 128 bytes. */
  readonly sessionId?: string | undefined;
  /** When it happened: a Date, epoch milliseconds, or ISO 8601 text. Absent: now. */
  readonly time?: Date | number | string | undefined;
  /**
   * Identifies the event in its project, 1 to 64 bytes: one that is tracked again with the same id and time counts once.
   * Absent: a new UUIDv7.
   */
  readonly eventId?: string | undefined;
};

/** What the events of a scope have unless they say otherwise. */
export type EventDefaults = {
  /** See {@link EventOptions.userId}. */
  readonly userId?: string | undefined;
  /** See {@link EventOptions.anonymousId}. */
  readonly anonymousId?: string | undefined;
  /** See {@link EventOptions.sessionId}. */
  readonly sessionId?: string | undefined;
  /** Properties of every event; an event's own of the same key win. */
  readonly properties?: Properties | undefined;
};
