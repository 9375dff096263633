/**
 * The record store: small records with optimistic concurrency, for configuration and jobs. Each "must" below is the
 * title of a test of the contract suite.
 */

/** What each call may be given. */
export type CallOptions = { readonly signal?: AbortSignal };

/** A record as it is stored. */
export type StoredRecord = {
  /** The kind of thing, such as "project". 1 to 64 bytes. */
  readonly collection: string;
  /** Its name in the collection. 1 to 256 bytes. */
  readonly id: string;
  /** Rises with each change of the record; from 1. A record created again after a deletion has a higher version still. */
  readonly version: number;
  /** At most 1 MiB. */
  readonly value: Uint8Array;
};

/** One change. */
export type RecordChange = {
  readonly collection: string;
  readonly id: string;
  /** The version that the record must have now: 0 when it must not exist. */
  readonly expectedVersion: number;
  /** The new value; `undefined` deletes the record. */
  readonly value: Uint8Array | undefined;
};

/** Which records of a collection are wanted. */
export type RecordPage = { readonly prefix?: string; readonly afterId?: string; readonly limit: number };

/** Tells of one change. */
export type RecordNotice = { readonly collection: string; readonly id: string; readonly version: number };

/** A record store. */
export interface RecordStore {
  /** The record, or `undefined`. What was written durably before the call must be seen. */
  get(collection: string, id: string, options?: CallOptions): Promise<StoredRecord | undefined>;
  /**
   * Records of a collection in the order of their ids' bytes: those after `afterId` (exclusive) that begin with `prefix`,
   * at most `limit` (1 to 1,000).
   */
  list(collection: string, page: RecordPage, options?: CallOptions): Promise<readonly StoredRecord[]>;
  /**
   * Makes one change, and gives the record's new version.
   *
   * - It must be durable when it resolves.
   * - Where the record's version is not the expected one it must fail with `stale` (ETAG_MISMATCH) and change nothing.
   * - Of concurrent changes that expect the same version exactly one must succeed.
   * - Where it fails with `unknownOutcome` it may have been made: read again.
   */
  put(change: RecordChange, options?: CallOptions): Promise<number>;
  /**
   * Tells of every change made from now on, also by other processes, within a second; per record in order, though some
   * may be told of together. Ends when the signal aborts or the store closes. Fails with `unavailable` when changes may
   * have been missed: read everything again and watch anew.
   */
  watch(options?: CallOptions): AsyncIterable<readonly RecordNotice[]>;
  /** Resolves when the store can be written and read; fails with `unavailable`. */
  ready(options?: CallOptions): Promise<void>;
  /** Frees what is held; calls after it fail with `unavailable` (CLOSED). Idempotent. */
  close(): Promise<void>;
}
