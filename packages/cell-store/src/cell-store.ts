/**
 * The cell store: blocks of cells and small keyed states, both written at a log position. Written for Cassandra and for
 * a file on a laptop alike: writes may arrive late, twice and in any order, and the one with the higher write time
 * stays. Each "must" below is the title of a test of the contract suite.
 */

/** What each call may be given. */
export type CallOptions = {
  /** Aborts the wait. What was sent may still happen. */
  readonly signal?: AbortSignal;
};

/** The blocks of one family, generation and granularity. */
export type SeriesKey = {
  readonly projectId: string;
  /** The family and its version, such as "main@3". */
  readonly family: string;
  /** The generation of the project's blocks, from 1. */
  readonly generation: number;
  /** The granularity: "1m", "15m", "1h", or "1d" with the days' UTC offset in minutes, such as "1d+60". */
  readonly granularity: string;
};

/** Names a block. */
export type BlockKey = SeriesKey & {
  /** The start of the bucket, in minutes since the epoch. */
  readonly bucket: number;
  /** The slot that the cells' tuples hash to, from 0. */
  readonly slot: number;
  /** Topic generation and partition that the cells were folded from, such as "1:7". */
  readonly source: string;
};

/** A block as it is stored. */
export type StoredBlock = {
  readonly key: BlockKey;
  /** The write time, in microseconds: a hybrid clock, higher for every later state. A safe integer. */
  readonly wts: number;
  readonly blob: Uint8Array;
};

/** A block as it is given to be written. */
export type BlockWrite = StoredBlock & {
  /**
   * For how many minutes from this write the block must be there; after that the store may forget it by itself. A whole
   * number, 1 or more. Absent: for ever. The write that stays is the one whose number counts.
   */
  readonly keepMinutes?: number | undefined;
};

/** A range of one series. */
export type BlockRange = SeriesKey & {
  /** The first bucket, inclusive, in minutes since the epoch. */
  readonly fromBucket: number;
  /** The end, exclusive. */
  readonly toBucket: number;
  /** The slots wanted. Absent: all. */
  readonly slots?: readonly number[];
};

/** A small value written at a log position, such as a watermark. */
export type StoredState = {
  /** What the state is about, such as "watermark". */
  readonly kind: string;
  /** The source that it belongs to, such as "1:7". */
  readonly source: string;
  /** Which of the source's states, such as "1m". */
  readonly name: string;
  readonly wts: number;
  /** At most 64 KiB. */
  readonly value: Uint8Array;
};

/** The side that folds. */
export interface BlockWriter {
  /**
   * Writes blocks.
   *
   * - It must not resolve before all are durable.
   * - Of two states of a block the one with the higher write time must stay, whatever the order of arrival.
   * - Writing the same state again must change nothing but how long it is kept: that counts anew.
   * - A block must be there for as long as its write said.
   * - A blob over 2 MiB must be refused with `invalid`, before anything is written.
   * - Where it fails with `unavailable` or `unknownOutcome`, any part of it may have been written; writing all of it
   *   again must be safe.
   */
  writeBlocks(blocks: readonly BlockWrite[], options?: CallOptions): Promise<void>;
  /** Writes states by the same rules as blocks. A value over 64 KiB must be refused. */
  writeStates(states: readonly StoredState[], options?: CallOptions): Promise<void>;
  /**
   * Forgets the blocks of a project's granularity whose bucket is before `beforeBucket`, of every family, a bounded number at a
   * time; gives how many went. Called again until it gives 0. Backends that expire rows by themselves give 0.
   */
  expire(projectId: string, granularity: string, beforeBucket: number, options?: CallOptions): Promise<number>;
}

/** The side that reads. */
export interface BlockReader {
  /**
   * Reads blocks by key, in the order of the keys; `undefined` where there is none. What was written durably before the
   * call must be seen.
   */
  readBlocks(keys: readonly BlockKey[], options?: CallOptions): Promise<readonly (StoredBlock | undefined)[]>;
  /**
   * Streams the blocks of a range in portions of bounded size, ordered by bucket. Every source and slot of a bucket must
   * be included. Stopping early must free what is held.
   */
  scan(range: BlockRange, options?: CallOptions): AsyncIterable<readonly StoredBlock[]>;
  /** All states of a kind, of all sources. */
  readStates(kind: string, options?: CallOptions): Promise<readonly StoredState[]>;
}

/** A cell store. */
export interface CellStore extends BlockWriter, BlockReader {
  /** Resolves when the store can be written and read; fails with `unavailable`. */
  ready(options?: CallOptions): Promise<void>;
  /** Frees what is held; calls after it fail with `unavailable` (CLOSED). Idempotent. */
  close(): Promise<void>;
}
