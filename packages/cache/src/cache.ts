/**
 * The cache port: claims on event ids, which must never be lost while they are valid; and expiring values, counters and
 * messages, which may. In a cluster they are two Redis installations, so they are two interfaces. Each "must" below is
 * the title of a test of the contract suite.
 */

/** What each call may be given. */
export type CallOptions = { readonly signal?: AbortSignal };

/** A place in the log: topic generation, partition, offset, and index of the event in its record. */
export type Position = {
  /** 1 to 65,535. */
  readonly generation: number;
  /** 0 to 65,535. */
  readonly partition: number;
  /** 0 to 2^48 - 1. */
  readonly offset: number;
  /** 0 to 65,535. */
  readonly index: number;
};

/**
 * Claims of the events of one record or several, packed. `ids` holds 16 bytes a claim: the 128-bit hash of project and
 * event id (`claimId`). `positions` holds 12 bytes a claim (`packPosition`). `slots[i]` is the time slot (`claimSlot`).
 * The arrays may lie anywhere in larger buffers; they must not change until the call they are given to has settled.
 */
export type ClaimBatch = {
  readonly count: number;
  readonly ids: Uint8Array;
  readonly slots: Float64Array;
  readonly positions: Uint8Array;
};

/** Remembers which position an event id was first seen at. (Invariant P6 of the architecture.) */
export interface ClaimStore {
  /**
   * Claims each id for its position, unless it is claimed, and gives the owner of each: 12 bytes a claim, in order.
   *
   * - It must leave the batch as it was given.
   * - The first claim of an id in a slot must win, also within one batch and among concurrent calls.
   * - A claim that is repeated by its owner must give the owner's own position.
   * - Every claim must extend its whole slot to at least `keepUntilMs`; a claim must be found until then.
   * - A claim must be durable when the promise resolves: found after a kill -9 and reopening.
   * - It must fail with `unavailable` or `unknownOutcome`, and then claiming all again must be safe.
   */
  claim(batch: ClaimBatch, keepUntilMs: number, options?: CallOptions): Promise<Uint8Array>;
  /** Like `claim`, but claims nothing: the owners as they are, zero bytes where there is none. */
  lookup(batch: Omit<ClaimBatch, "positions">, options?: CallOptions): Promise<Uint8Array>;
  /** Gives claims back that are owned by exactly the given positions; others must stay. Durable when it resolves. */
  release(batch: ClaimBatch, options?: CallOptions): Promise<void>;
  /** Forgets slots whose time has passed at `nowMs`; gives how many claims went. Bounded work a call. */
  expire(nowMs: number, options?: CallOptions): Promise<number>;
  /** Resolves when claims can be made; fails with `unavailable`. */
  ready(options?: CallOptions): Promise<void>;
  /** Frees what is held; calls after it fail with `unavailable` (CLOSED). Idempotent. */
  close(): Promise<void>;
}

/** A message of a channel. */
export type ChannelMessage = { readonly channel: string; readonly payload: Uint8Array };

/** Expiring values, counters and messages. Anything in it may be gone at any time. */
export interface Cache {
  /** The value, or `undefined` when there is none, or its time has passed. */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** Sets a value (at most 1 MiB) for `ttlMs`. */
  set(key: string, value: Uint8Array, ttlMs: number, options?: CallOptions): Promise<void>;
  /** Forgets a value. */
  delete(key: string, options?: CallOptions): Promise<void>;
  /** Adds to a counter that ends `ttlMs` after its first use, and gives its new value. Concurrent calls must all count. */
  increment(key: string, by: number, ttlMs: number, options?: CallOptions): Promise<number>;
  /** Sends a message to those who listen now. No one may be listening. */
  publish(channel: string, payload: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * The messages of a channel from now on, in the order of each publisher. A listener that falls behind by more than a
   * bound must be told by a Failure `exhausted`, not by a silent gap. Ends when the signal aborts or the cache closes.
   * The subscription is in force when the promise resolves.
   */
  subscribe(channel: string, options?: CallOptions): Promise<AsyncIterable<ChannelMessage>>;
  /** Frees what is held; calls after it fail with `unavailable` (CLOSED). Idempotent. */
  close(): Promise<void>;
}
