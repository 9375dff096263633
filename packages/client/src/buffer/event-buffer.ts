import type { Clock } from "../clock.ts";
import type { Counters } from "../stats.ts";
import type { Batch } from "./batch.ts";

/** What happens to events when the buffer is full; see {@link MillraceOptions.overflow}. */
export type Overflow = "drop-oldest" | "drop-newest" | "wait";

/** The bounds of a buffer. What is being sent counts until it is known to be durable. */
export type BufferLimits = {
  readonly events: number;
  readonly bytes: number;
  readonly batchEvents: number;
  readonly batchBytes: number;
  readonly overflow: Overflow;
};

/** How many events a buffer holds, and how. */
export type BufferCounts = {
  /** Waiting to be sent, for the first time or again. */
  readonly queued: number;
  /** Sent, and not yet known to be durable. */
  readonly inFlight: number;
  /** Bytes of both, in memory. */
  readonly bytes: number;
  /** Bytes of files. */
  readonly spooledBytes: number;
};

/** What a buffer tells: what it had to let go. */
export type OnDropped = (
  reason: "BUFFER_FULL" | "SPOOL_FULL" | "SPOOL_DAMAGED" | "SPOOL_FAILED",
  count: number,
) => void;

/**
 * The one place where events wait until they are durable. Batches leave it in the order of their sequences, may come
 * back, and are let go when they are settled.
 */
export interface EventBuffer {
  readonly counts: BufferCounts;
  /** Takes an event's frame, which is copied; false when it was dropped at once. */
  append(frame: Uint8Array): boolean;
  /** Closes the batch that is being filled, so that it can be taken. */
  seal(): void;
  /** The oldest closed batch. */
  peek(): Batch | undefined;
  /** Gives the oldest closed batch, which is then in flight. */
  take(): Batch | undefined;
  /** Takes a batch back that is to be sent again, whole or what is left of it. */
  giveBack(batch: Batch): void;
  /** Lets a batch go that needs nothing more. */
  settle(batch: Batch): void;
  /** Gives a question that is true when everything that is held now has been let go. */
  mark(): () => boolean;
  /** Resolves when there is room for events; undefined when there is. */
  whenRoom(): Promise<void> | undefined;
  /** Frees files; what is in them stays for the next process. */
  close(): void;
}

/** What a buffer needs of its client. */
export type BufferDeps = {
  readonly limits: BufferLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly onDropped: OnDropped;
  /** Told when an event is in memory alone, because it can't be written. */
  readonly onUnspooled: (thrown: unknown) => void;
  /** Told when there may be something to send that nobody tracked. */
  readonly onFound: () => void;
};
