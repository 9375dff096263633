import type { Failure } from "@millrace/failure";
import type { SpanContext } from "@opentelemetry/api";
import type { Rejection } from "../rejection.ts";

/** What became of an event. */
export const FATE = { accepted: 0, duplicate: 1, rejected: 2, retry: 3 } as const;

/**
 * The events of one request or message on their way into the log, by index. It is whole once every event was judged
 * (`close`), and settled once every record that took some of them is durable or has failed.
 */
export class EventBatch {
  readonly count: number;
  /** One of {@link FATE} for each event; meaningful once the batch has settled. */
  readonly fates: Uint8Array;
  readonly rejections = new Map<number, Rejection>();
  /** The 128-bit hash of each event's id, with its project and kind of key. */
  readonly hashes: Int32Array;
  /** The span that the events came by, where it is recorded. */
  readonly cause: SpanContext | undefined;
  /** Why appends failed, when one did; the last one's failure. */
  failure: Failure | undefined;
  /** True when an append that failed may have happened all the same. */
  outcomeUnknown = false;

  /** For each event that repeats an id of this batch: the index of the first. */
  readonly #firstOf = new Map<number, number>();
  #openRecords = 0;
  #closed = false;
  #hasSettled = false;
  readonly #settled = Promise.withResolvers<void>();

  constructor(count: number, cause?: SpanContext) {
    this.count = count;
    this.cause = cause;
    this.fates = new Uint8Array(count);
    this.hashes = new Int32Array(4 * count);
  }

  reject(index: number, rejection: Rejection): void {
    this.fates[index] = FATE.rejected;
    this.rejections.set(index, rejection);
  }

  /** The event was accepted before. */
  duplicate(index: number): void {
    this.fates[index] = FATE.duplicate;
  }

  /** The event has the id of an earlier one of the batch, and shares its fate: a duplicate, if that one is accepted. */
  repeats(index: number, first: number): void {
    this.fates[index] = FATE.duplicate;
    this.#firstOf.set(index, first);
  }

  /** A record took events of this batch; `recordSettled` will be called for it. */
  joinRecord(): void {
    this.#openRecords++;
  }

  /** The record with these events is durable, or has failed. */
  recordSettled(indexes: readonly number[], failure: Failure | undefined): void {
    if (failure !== undefined) {
      this.failure = failure;
      if (failure.kind === "unknownOutcome") this.outcomeUnknown = true;
      for (const index of indexes) this.fates[index] = FATE.retry;
    }
    this.#openRecords--;
    this.#settleIfDone();
  }

  /** Every event was judged: nothing joins a record any more. */
  close(): void {
    this.#closed = true;
    this.#settleIfDone();
  }

  get hasSettled(): boolean {
    return this.#hasSettled;
  }

  /** Resolves when every event's fate is known. Never rejects. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  #settleIfDone(): void {
    if (!this.#closed || this.#openRecords > 0) return;
    if (this.failure !== undefined) {
      for (const [index, first] of this.#firstOf) {
        if (this.fates[first] === FATE.retry) this.fates[index] = FATE.retry;
      }
    }
    this.#hasSettled = true;
    this.#settled.resolve();
  }
}
