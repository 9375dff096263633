import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import type { CallOptions, LogRecord, OwnedPartition, PartitionHandler } from "../../event-log.ts";
import { lostOwnership } from "./commit-queue.ts";
import type { LogClock } from "./log-clock.ts";

/** What a delivery needs. */
export type DeliveryDeps = {
  readonly partition: number;
  /** The group's committed offset; -1 when there is none. */
  readonly committed: number;
  readonly bounds: { readonly first: number; readonly end: number };
  readonly maxBatchBytes: number;
  readonly clock: LogClock;
  readonly commit: (offset: number, isOwned: () => boolean) => Promise<void>;
  /** Undefined while the member is known to be in its group; else resolves when that is clear, or can't be cleared up soon. */
  readonly inDoubt: () => Promise<void> | undefined;
  /** The partition wants records again. */
  readonly hungry: () => void;
  /** The handler, or the partition, failed for good. */
  readonly failed: (error: unknown) => void;
};

/**
 * One ownership of one partition: hands over what was fetched, one batch at a time, while the next is being fetched.
 *
 * - D1 Records are handed over in the order of their offsets, from the committed offset, none left out: what was removed
 *   before it was read is a failure, never a jump.
 * - D2 The handler is called by one loop alone; `revoke` comes after it has ended, and after it no commit is accepted.
 * - D3 A process that was stopped for so long that its session may be over asks the coordinator before it goes on.
 * - D4 What waits behind the batch in hand is less than another batch and what one fetch brings.
 */
export class PartitionDelivery implements OwnedPartition {
  readonly partition: number;
  readonly startOffset: number;
  readonly #deps: DeliveryDeps;
  readonly #loss = new AbortController();
  readonly #commits = new Set<Promise<void>>();
  #handler: PartitionHandler | undefined;
  #buffer: LogRecord[] = [];
  #bufferedBytes = 0;
  #end: number;
  /** The offset to be fetched next. */
  #fetchFrom: number;
  /** This machine's clock when the last fetch that found nothing was sent. */
  #emptyAtMs: number | undefined;
  #idleMs: number | undefined;
  #lastAppendMs = 0;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  #revoked: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  /** Since when the handler has been busy with one batch, by `performance.now()`; undefined while it is not. */
  busySinceMs: number | undefined;
  /** When something last went on here, by `performance.now()`. */
  turnMs = performance.now();

  constructor(deps: DeliveryDeps) {
    const { partition, committed, bounds } = deps;
    this.#deps = deps;
    this.partition = partition;
    this.startOffset = Math.max(0, committed);
    this.#fetchFrom = committed < 0 ? bounds.first : committed;
    this.#end = bounds.end;
  }

  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  /** The offset to fetch from. */
  get fetchFrom(): number {
    return this.#fetchFrom;
  }

  /** Whether records should be fetched. */
  get isHungry(): boolean {
    return !this.#stopping && this.#handler !== undefined && this.#bufferedBytes < this.#deps.maxBatchBytes;
  }

  /** Whether there are records that nobody is busy with. */
  get isBehind(): boolean {
    return (
      !this.#stopping && this.#handler !== undefined && this.busySinceMs === undefined && this.#fetchFrom < this.#end
    );
  }

  endOffset(): number {
    return this.#end;
  }

  async commit(offset: number, options?: CallOptions): Promise<void> {
    const signal = options?.signal;
    if (this.#loss.signal.aborted) throw lostOwnership(this.partition);
    if (signal?.aborted) throw new Failure("cancelled", "CANCELLED", "The commit was cancelled before it began.");
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > this.#end) {
      throw Failure.invalidField("offset", "must be within the partition");
    }
    const committing = this.#deps.commit(offset, () => !this.#loss.signal.aborted && !signal?.aborted);
    this.#commits.add(committing);
    const forget = () => void this.#commits.delete(committing);
    committing.then(forget, forget);
    await (signal === undefined ? committing : orGivenUp(committing, signal));
  }

  /**
   * Takes the handler and begins to hand over records, unless the partition is gone by then. Resolves when the handler is
   * there, or there will be none.
   */
  begin(assign: () => Promise<PartitionHandler>): Promise<void> {
    const assigned = this.#assign(assign);
    this.#running = assigned
      .then((handler) => (this.#stopping ? undefined : this.#run(handler)))
      .catch((error: unknown) => this.#fail(error));
    return assigned.then(
      () => undefined,
      () => undefined,
    );
  }

  async #assign(assign: () => Promise<PartitionHandler>): Promise<PartitionHandler> {
    const { committed, bounds } = this.#deps;
    if (committed > bounds.end) throw beyondEnd(committed, bounds.end);
    if (committed >= 0 && committed < bounds.first) throw removed(committed, bounds.first);
    const handler = await assign();
    this.#handler = handler;
    this.#deps.hungry();
    return handler;
  }

  /** Takes what a fetch that was sent when this machine's clock was at `sentMs` found from {@link fetchFrom} on. */
  take(records: readonly LogRecord[], nextOffset: number, end: number, sentMs: number): void {
    if (this.#stopping) return;
    this.#end = Math.max(this.#end, end);
    const first = records[0];
    if (first === undefined && nextOffset >= end) {
      this.#emptyAtMs = sentMs;
      this.#idleMs = Math.max(this.#idleMs ?? 0, this.#deps.clock.reachedAt(sentMs));
    }
    if (first !== undefined) {
      if (this.#emptyAtMs !== undefined) this.#deps.clock.appendedAfter(this.#emptyAtMs, first.appendTimeMs);
      this.#emptyAtMs = undefined;
      this.#idleMs = undefined;
    }
    for (const record of records) {
      this.#buffer.push(record);
      this.#bufferedBytes += record.value.length;
    }
    this.#fetchFrom = Math.max(this.#fetchFrom, nextOffset);
    this.#wake?.();
  }

  /** The offset to fetch from is not in the log: it stops, loudly. */
  outOfRange(first: number, end: number): void {
    if (this.#stopping) return;
    const from = this.#fetchFrom;
    this.#fail(from < first ? removed(from, first) : beyondEnd(from, end));
  }

  /** What is stored from the offset to fetch from on can't be read. */
  undecodable(cause: unknown): void {
    const message = `Kafka's records of partition ${this.partition} from offset ${this.#fetchFrom} on can't be decoded.`;
    if (!this.#stopping) this.#fail(new Failure("corrupt", "DATA_CORRUPT", message, { cause }));
  }

  /** The end was seen elsewhere: nothing is fetched while the handler is busy. */
  sawEnd(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  /** Stops after the batch in hand, lets the handler finish, and gives the ownership up. Idempotent. */
  revoke(): Promise<void> {
    this.#revoked ??= this.#revoke();
    return this.#revoked;
  }

  /** The partition is another member's by now: nothing is finished any more. */
  lose(reason: Failure): void {
    this.#stop();
    this.#loss.abort(reason);
  }

  async #revoke(): Promise<void> {
    this.#stop();
    if (!this.#loss.signal.aborted) this.#handler?.revoking?.();
    await this.#running;
    try {
      if (!this.#loss.signal.aborted) await this.#handler?.revoke();
    } catch (error) {
      if (!this.#loss.signal.aborted) this.#deps.failed(error);
    }
    await Promise.allSettled(this.#commits);
    this.#loss.abort(lostOwnership(this.partition));
  }

  #stop(): void {
    this.#stopping = true;
    this.#buffer = [];
    this.#bufferedBytes = 0;
    this.#wake?.();
  }

  #fail(error: unknown): void {
    const wasLost = this.#loss.signal.aborted;
    this.#stop();
    if (!wasLost) this.#deps.failed(error);
  }

  async #run(handler: PartitionHandler): Promise<void> {
    while (!this.#stopping) {
      this.turnMs = performance.now();
      await this.#deps.inDoubt();
      if (this.#stopping) return;
      if (this.#buffer.length > 0) {
        const records = this.#portion();
        if (this.isHungry) this.#deps.hungry();
        this.#lastAppendMs = Math.max(this.#lastAppendMs, records.at(-1)!.appendTimeMs);
        this.busySinceMs = performance.now();
        await handler.records(records);
        this.busySinceMs = undefined;
        // A handler that resolves at once must not keep the event loop from everyone else.
        await turn();
      } else if (this.#idleMs !== undefined) {
        const idleMs = Math.max(this.#idleMs, this.#lastAppendMs);
        this.#idleMs = undefined;
        this.#lastAppendMs = idleMs;
        handler.idle(idleMs);
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }

  #portion(): LogRecord[] {
    let bytes = 0;
    let count = 0;
    for (const { value } of this.#buffer) {
      bytes += value.length;
      if (count > 0 && bytes > this.#deps.maxBatchBytes) break;
      count++;
    }
    const records = this.#buffer.splice(0, count);
    for (const { value } of records) this.#bufferedBytes -= value.length;
    return records;
  }
}

/** Gives up waiting when the signal aborts. */
function orGivenUp(committing: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      const details = { cause: signal.reason };
      reject(new Failure("unknownOutcome", "CANCELLED", "The wait for the commit was given up.", details));
    };
    signal.addEventListener("abort", abort, { once: true });
    committing.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function removed(next: number, first: number): Failure {
  const message = `The records from offset ${next} to ${first - 1} were removed by the retention before they were read.`;
  return new Failure("outOfRange", "DATA_CORRUPT", message);
}

function beyondEnd(next: number, end: number): Failure {
  const message =
    `The group is at offset ${next}, but the log ends at ${end}: records were lost, or the topic was made anew. ` +
    "Begin a new generation of the topic with millrace migrate, or reset the group's offsets.";
  return new Failure("outOfRange", "DATA_CORRUPT", message);
}
