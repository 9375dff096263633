/**
 * The record of the log, decoded: events of one partition in sections by project. docs/formats/event-batch.md has the
 * bytes. The log is untrusted input too: reading damaged bytes gives a Failure `corrupt`, never anything else.
 */

/** What ingest decided about the events of one project in a record. */
export type EventSection = {
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
  readonly events: readonly StampedEvent[];
};

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
