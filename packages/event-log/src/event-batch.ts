/**
 * The record of the log, decoded: events of one partition in sections by project. docs/formats/event-batch.md has the
 * bytes. The log is untrusted input too: reading damaged bytes gives a Failure `corrupt`, never anything else.
 */

/** How many events a record holds at most: the index of an event in its record has 16 bits, in claims too. */
export const MAX_BATCH_EVENTS = 65_535;

/** How many bytes a record's body has at most when it is written, before compression. */
export const MAX_BATCH_BYTES = 1 << 20;

/** How many bytes of body are read at most: more than is ever written, so that writers may grow before readers do. */
export const MAX_READABLE_BATCH_BYTES = 16 << 20;

/** From this size on a body is compressed. */
export const COMPRESS_FROM_BYTES = 4096;

/** The longest project id, in UTF-8 bytes. */
export const MAX_PROJECT_ID_BYTES = 255;

/** The longest user agent that is kept, in UTF-8 bytes. */
export const MAX_USER_AGENT_BYTES = 512;

/** The longest id that ingest assigns to an event, in UTF-8 bytes. */
export const MAX_ASSIGNED_ID_BYTES = 64;

/** What ingest decided about the events of one project in a record. */
export type SectionHeader = {
  readonly projectId: string;
  /** The revision of the project's definitions to fold with. */
  readonly revision: number;
  /** The version of enrichment and fold to use. */
  readonly processingVersion: number;
  /** True when the events came by a key with the scope IMPORT, whose claims and lateness differ. */
  readonly imported: boolean;
  /** When ingest received them, in epoch milliseconds. */
  readonly receivedAtMs: number;
  /** The User-Agent header of the request, at most 512 bytes; "" when it has none, or is a server's. */
  readonly userAgent: string;
};

/** A section with its events. */
export type EventSection = SectionHeader & { readonly events: readonly StampedEvent[] };

/** An event's own bytes and what ingest stamped it with. */
export type StampedEvent = {
  /** The event's time after correction of the sender's clock, in epoch milliseconds. */
  readonly timeMs: number;
  /** The time by which the event's claim is filed: its UUIDv7's own, else the time as sent. */
  readonly claimTimeMs: number;
  /** True when the event came after the late window. */
  readonly late: boolean;
  /** The id that ingest gave an event without one; "" when the event has its own. */
  readonly assignedId: string;
  /** A millrace.event.v1.Event, encoded. */
  readonly bytes: Uint8Array;
};
