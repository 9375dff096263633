import { Failure } from "@millrace/failure";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import type { KafkaLog } from "../kafka-options.ts";
import { Batch, type Entry, RECORD_OVERHEAD_BYTES } from "./batch.ts";
import { afterSending, beforeSending, type NextStep, type Outcome } from "./outcome.ts";
import type { PartitionProducer } from "./producers.ts";
import { checkResponse, ForeignResponse } from "./response-check.ts";

/** Values of one batch; a larger one goes alone. */
const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_RECORDS = 500;
const BACKOFF_FIRST_MS = 25;
const BACKOFF_MAX_MS = 500;

/** A producer for one batch at a time. */
export type BatchProducer = Pick<PartitionProducer, "send" | "release" | "retire">;

/** What a {@link PartitionQueue} is given. */
export type PartitionQueueOptions = {
  readonly topic: string;
  readonly partition: number;
  /** The producer to begin a batch with. */
  readonly lease: () => BatchProducer;
  /** Called for every record that no longer takes room, with the bytes that it took. */
  readonly left: (bytes: number) => void;
  /** Called for every attempt that is over. */
  readonly attempted: (outcome: Outcome) => void;
  /** The topic isn't the one that was opened: nothing more may be appended. */
  readonly foreign: (error: ForeignResponse) => void;
  readonly log: KafkaLog;
};

/**
 * The records of one partition on their way to its leader.
 *
 * - A1 Records are sent in the order of the calls, and one batch is under way at a time: the next one begins when the last
 *   attempt of the one before is over, also where its callers were answered long before (at their deadline).
 * - A2 A batch that may be stored is repeated as it was, by the producer that sent it first: the broker recognises it by
 *   the producer's id and sequence. It is left alone only together with that producer, so that no other batch ever takes
 *   the sequence of one that may be stored.
 * - A3 A record is acknowledged when a response says so for exactly this partition, at an offset above all before it. Its
 *   own offset is the response's and its place in the batch.
 * - A4 A record that was answered with `unavailable` was never sent and never will be: it is withdrawn before a batch is
 *   encoded, and a batch that was encoded is answered with `unknownOutcome` until a broker says that nothing was stored.
 *
 * What this can't rule out: a batch that was left alone may still lie in the network or before the broker, and be stored
 * after later ones. Its callers were told that its outcome is unknown.
 */
export class PartitionQueue {
  readonly #options: PartitionQueueOptions;
  readonly #waiting: Entry[] = [];
  #batch: Batch | undefined;
  #lastOffset = -1;
  #maxBatchRecords = MAX_BATCH_RECORDS;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;
  #settled: (() => void) | undefined;

  constructor(options: PartitionQueueOptions) {
    this.#options = options;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#timer ??= this.#timerFor(entry);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What is appended in the same turn goes together.
    setImmediate(() => void this.#run());
  }

  /** Resolves when every caller is answered: at the last deadline at the latest. */
  async answered(): Promise<void> {
    if (this.#timer === undefined) return;
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
  }

  /** Refuses what has not been sent yet. */
  refuseWaiting(error: Failure): void {
    for (const entry of this.#waiting.splice(0)) {
      this.#reject(entry, error);
      this.#leave(entry);
    }
    this.#rearm();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const entries = this.#take();
      this.#batch = new Batch(this.#options.partition, entries);
      const again = new Set(await this.#send(this.#batch));
      this.#batch = undefined;
      for (const entry of entries) if (!again.has(entry)) this.#leave(entry);
      this.#waiting.unshift(...again);
      this.#rearm();
    }
    this.#isRunning = false;
  }

  /**
   * Makes attempts until the batch is stored, is refused for good, or nobody waits for it any more.
   *
   * @returns what is to be sent again, in smaller batches
   */
  async #send(batch: Batch): Promise<readonly Entry[]> {
    const { lease, attempted } = this.#options;
    let producer = lease();
    for (let backoffMs = BACKOFF_FIRST_MS; ; backoffMs = Math.min(2 * backoffMs, BACKOFF_MAX_MS)) {
      const beganMs = performance.now();
      const outcome = await this.#attempt(batch, producer);
      const tookMs = performance.now() - beganMs;
      attempted(outcome);
      if (outcome.kind === "stored") {
        this.#acknowledge(batch, outcome.baseOffset, outcome.appendTimeMs);
        producer.release();
        return [];
      }
      batch.attempted(outcome.kind === "unclear");
      const { next, error } = outcome;
      if (batch.mayBeStored) {
        const mayBecomeClear = next === "repeat" || next === "refresh";
        if (!mayBecomeClear || batch.entries.every((entry) => entry.isSettled)) {
          producer.retire();
          this.#abandon(batch, error);
          return [];
        }
      } else {
        // One that would be at its deadline in the middle of the next attempt is answered now, while the answer is clear.
        this.#expire(performance.now() + backoffMs + 2 * tookMs, error);
        batch.withdrawSettled();
        const isRefused = next === "giveUp" || (next === "split" && batch.entries.length === 1);
        if (isRefused) this.#refuse(batch, next, error);
        if (isRefused || next === "split" || batch.entries.length === 0) {
          producer.release();
          if (next === "split") this.#maxBatchRecords = 1;
          return isRefused ? [] : batch.entries;
        }
        if (next !== "repeat") {
          producer.retire();
          producer = lease();
        }
      }
      await pause(backoffMs * (0.5 + 0.5 * Math.random()));
    }
  }

  async #attempt(batch: Batch, producer: BatchProducer): Promise<Outcome> {
    const { topic, partition } = this.#options;
    try {
      const response = await producer.send(batch.messages());
      const outcome = checkResponse(response, { topic, partition, lastOffset: this.#lastOffset });
      if (outcome.kind === "stored" || batch.isEncoded) return outcome;
      // kafkajs found no leader, sent nothing, and was content.
      return { kind: "notStored", error: outcome.error, next: "refresh" };
    } catch (error) {
      return batch.isEncoded ? afterSending(error) : beforeSending(error);
    }
  }

  #acknowledge(batch: Batch, baseOffset: number, appendTimeMs: number): void {
    this.#lastOffset = baseOffset + batch.entries.length - 1;
    for (const [index, entry] of batch.entries.entries()) {
      if (entry.isSettled) continue;
      entry.isSettled = true;
      entry.resolve({ offset: baseOffset + index, appendTimeMs });
    }
  }

  /** The batch may be stored, and it will not become clear. */
  #abandon(batch: Batch, error: unknown): void {
    const { topic, partition, log } = this.#options;
    const records = batch.entries.length;
    log.warn({ topic, partition, records, error: String(error) }, "It is unknown whether records were appended.");
    for (const entry of batch.entries) this.#reject(entry, unknownOutcome(error));
    if (error instanceof ForeignResponse) this.#options.foreign(error);
  }

  /** Nothing of the batch is stored, and the same again would end alike. */
  #refuse(batch: Batch, why: NextStep, cause: unknown): void {
    const failure =
      why === "split"
        ? new Failure("invalid", "MESSAGE_TOO_LARGE", "The record is larger than the topic's max.message.bytes.", {
            cause,
          })
        : new Failure("unavailable", "BACKEND_UNAVAILABLE", kafkaFailure(cause, "appending records").message, {
            cause,
          });
    for (const entry of batch.entries) this.#reject(entry, failure);
  }

  #take(): Entry[] {
    let count = 0;
    let bytes = 0;
    while (count < Math.min(this.#waiting.length, this.#maxBatchRecords)) {
      bytes += this.#waiting[count]!.value.length + RECORD_OVERHEAD_BYTES;
      if (count > 0 && bytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Answers those whose deadline has passed at a time. */
  #expire(nowMs: number, cause?: unknown): void {
    const batch = this.#batch;
    for (const entry of batch?.entries ?? []) {
      if (entry.isSettled || entry.deadlineAtMs > nowMs) continue;
      this.#reject(entry, batch?.mayBeStored === true ? unknownOutcome(cause) : tooLate(cause));
    }
    let late = 0;
    while (late < this.#waiting.length && this.#waiting[late]!.deadlineAtMs <= nowMs) late++;
    for (const entry of this.#waiting.splice(0, late)) {
      this.#reject(entry, tooLate(cause));
      this.#leave(entry);
    }
    this.#rearm();
  }

  #rearm(): void {
    clearTimeout(this.#timer);
    const next = this.#batch?.entries.find((entry) => !entry.isSettled) ?? this.#waiting[0];
    this.#timer = next === undefined ? undefined : this.#timerFor(next);
    if (this.#timer === undefined) this.#settled?.();
  }

  #timerFor({ deadlineAtMs }: Entry): NodeJS.Timeout {
    return setTimeout(() => this.#expire(performance.now()), Math.max(0, deadlineAtMs - performance.now()) + 1);
  }

  #reject(entry: Entry, error: Failure): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    entry.reject(error);
  }

  #leave({ value }: Entry): void {
    this.#options.left(value.length + RECORD_OVERHEAD_BYTES);
  }
}

function unknownOutcome(cause: unknown): Failure {
  const message = "The event log did not say in time whether it stored the record.";
  return new Failure("unknownOutcome", "BACKEND_TIMEOUT", message, { cause });
}

function tooLate(cause: unknown): Failure {
  const message =
    protocolErrorOf(cause) === "NOT_ENOUGH_REPLICAS"
      ? "The event log has too few replicas in sync to take anything."
      : "The event log could not be reached in time.";
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause });
}

/** Not the timers of node:timers/promises, which tests can't move. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
