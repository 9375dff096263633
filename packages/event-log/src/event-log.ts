/**
 * The event log: ordered within a partition, durable, kept for a retention. Written for Kafka and for a file on a
 * laptop alike: ownership can be lost at any time, and an append that times out may or may not have happened.
 *
 * Each "must" below is the title of a test of the contract suite.
 */
import type { SpanContext } from "@opentelemetry/api";

/** What each call may be given. */
export type CallOptions = {
  /** Aborts the wait. What was sent may still happen: an append then fails with `unknownOutcome`. */
  readonly signal?: AbortSignal;
};

/** What an append may be given. */
export type AppendOptions = CallOptions & {
  /** The W3C trace context of the span that appends; it may travel with the record to those who read it. */
  readonly traceparent?: string;
  /** The spans that what is appended comes from, where it is not the active one; for who observes the log. */
  readonly causes?: readonly SpanContext[];
};

/** Where a record was put. */
export type AppendResult = {
  /** The record's offset in its partition: greater than that of every record before it. */
  readonly offset: number;
  /** The log's own clock at the append, in epoch milliseconds. It may step back; offsets never do. */
  readonly appendTimeMs: number;
};

/** A record as it is read. */
export type LogRecord = {
  readonly offset: number;
  readonly appendTimeMs: number;
  /** What was appended. It must not be changed; it stays valid for as long as it is kept. */
  readonly value: Uint8Array;
  /** The trace context that it was appended with, where the log carries it. It comes from outside: check it before use. */
  readonly traceparent?: string;
};

/** The side that writes. */
export interface EventAppender {
  /** The generation of the topic, from 1: another one whenever offsets began anew. With a partition it names a source. */
  readonly generation: number;
  /** How many partitions there are. Fixed for the life of a generation. */
  readonly partitions: number;
  /** The largest value that is accepted, in bytes. */
  readonly maxRecordBytes: number;
  /**
   * Appends one record. The value must not change until the promise has settled.
   *
   * - It must not resolve before the record is durable.
   * - Records appended to one partition by one caller must keep the order of the calls.
   * - A value over `maxRecordBytes` must be refused with `invalid`, a partition that does not exist with `invalid`.
   * - It must fail with `unavailable` where nothing can have been appended, and with `unknownOutcome` where it may have.
   * - It may be refused with `exhausted` (OVERLOADED) while too much waits to be written.
   * - An append whose outcome is unknown may take effect later, even after later appends.
   * - After close it must fail with `unavailable` (CLOSED).
   */
  append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult>;
}

/** A partition that a member owns, for as long as it does. */
export interface OwnedPartition {
  readonly partition: number;
  /** Aborted as soon as the ownership is known to be lost. */
  readonly lost: AbortSignal;
  /** The committed offset when the ownership began: the first record to be handed over has this offset or a later one. */
  readonly startOffset: number;
  /**
   * Makes `offset` the place to begin from after a restart: every record before it is done.
   *
   * - It must be durable when it resolves.
   * - After a lost ownership it must be refused with `stale` (OWNERSHIP_LOST), and change nothing.
   */
  commit(offset: number, options?: CallOptions): Promise<void>;
  /** The offset that the next appended record will get, as last seen by this member. */
  endOffset(): number;
}

/** What a member does with a partition. Calls for one partition never overlap, `lost` excepted. */
export interface PartitionHandler {
  /**
   * Takes records in the order of their offsets. The next ones come when the promise has resolved. When it rejects, the
   * member stops handing over records of this partition, and reports the error through `failed`.
   */
  records(records: readonly LogRecord[]): Promise<void>;
  /** The partition's end was reached: there is no record after those handed over, at `timeMs` of the log's clock. */
  idle(timeMs: number): void;
  /**
   * The partition is to be taken away in good order, perhaps while `records` is under way: whoever waits there for something
   * should end that, and leave what it has not done to the next owner. Called once, before `revoke`, which waits for `records`.
   */
  revoking?(): void;
  /** The partition is about to be taken away in good order: finish, commit, and resolve. No records come after. */
  revoke(): Promise<void>;
}

/** What a consumer is asked to do as ownership changes. */
export interface GroupHandler {
  /** The member owns the partition now. */
  assigned(owned: OwnedPartition): Promise<PartitionHandler> | PartitionHandler;
  /** A partition's handler, or the consumer itself, failed for good. The process should stop. */
  failed(error: unknown, partition: number | undefined): void;
}

/** One member of a group. */
export interface GroupMember {
  /**
   * Leaves the group: every handler's `revoke` is awaited, then the partitions go to others. Idempotent.
   */
  leave(): Promise<void>;
}

/** The side that reads. */
export interface EventConsumer {
  /**
   * Joins a group of readers, among which the partitions are shared.
   *
   * - Every partition must be owned by one member of a group at a time; a member that joins or leaves moves as few as
   *   possible.
   * - A handler that waits must be told by `revoking` that its partition is wanted elsewhere.
   * - Records must be handed over in order, from the committed offset, none left out, also after a reopening.
   * - Groups must not see each other's commits.
   * - At most `maxBatchBytes` of values, and at least one record, must be handed over at once.
   */
  join(group: string, handler: GroupHandler, options?: { readonly maxBatchBytes?: number }): Promise<GroupMember>;
  /** The committed offset of a group's partition; 0 when none was. */
  committed(group: string, partition: number, options?: CallOptions): Promise<number>;
  /**
   * Reads records of one partition from an offset (inclusive), outside of any group: for verification and rebuilds. Ends
   * at the end that the partition had at some moment between the call and the first records. An offset before the oldest
   * record kept must fail with `outOfRange`.
   */
  read(partition: number, fromOffset: number, options?: CallOptions): AsyncIterable<readonly LogRecord[]>;
  /** The oldest offset kept, and the offset that the next record will get. */
  bounds(partition: number, options?: CallOptions): Promise<{ readonly first: number; readonly end: number }>;
}

/** An event log. */
export interface EventLog extends EventAppender, EventConsumer {
  /** Resolves when the log can be written and read; fails with `unavailable`. */
  ready(options?: CallOptions): Promise<void>;
  /** Stops everything and frees what is held. Idempotent. */
  close(): Promise<void>;
}
