/** What an event may have; the server's limits, checked here too so that what is wrong is told where it was written. */
export const EVENT_LIMITS = {
  eventBytes: 32 * 1024,
  eventIdBytes: 64,
  nameBytes: 128,
  /** `userId`, `anonymousId` and `sessionId`. */
  personIdBytes: 128,
  properties: 100,
  propertyKeyBytes: 128,
  propertyTextBytes: 1024,
  /** 1980-01-01T00:00:00Z, in epoch milliseconds. */
  minTimeMs: 315_532_800_000,
  /** 9999-12-31T23:59:59.999Z. */
  maxTimeMs: 253_402_300_799_999,
} as const;

/** Keys that would change an object's nature where somebody puts properties into a plain one. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
