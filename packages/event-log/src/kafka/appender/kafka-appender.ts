import { Failure } from "@millrace/failure";
import type { Meter } from "@opentelemetry/api";
import type { Kafka } from "kafkajs";
import { abortable } from "../../abortable.ts";
import type { AppendOptions, AppendResult, EventAppender } from "../../event-log.ts";
import { type KafkaLog, MAX_RECORD_BYTES } from "../kafka-options.ts";
import { RECORD_OVERHEAD_BYTES } from "./batch.ts";
import { appenderInstruments } from "./instruments.ts";
import { PartitionQueue } from "./partition-queue.ts";
import { Producers } from "./producers.ts";

const OVERLOAD_RETRY_MS = 200;

/** What a {@link KafkaAppender} is given. */
export type KafkaAppenderOptions = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly generation: number;
  readonly partitions: number;
  readonly appendDeadlineMs: number;
  /** How long a broker may wait for followers, in milliseconds. */
  readonly acknowledgeWithinMs: number;
  readonly maxQueuedBytes: number;
  readonly log: KafkaLog;
  readonly meter: Meter | undefined;
};

/** Appends to a topic, each partition by itself: {@link PartitionQueue} says what holds. */
export class KafkaAppender implements EventAppender {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes = MAX_RECORD_BYTES;
  readonly #options: KafkaAppenderOptions;
  readonly #producers: Producers;
  readonly #queues: readonly PartitionQueue[];
  #queuedBytes = 0;
  #refusal: Failure | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    this.generation = options.generation;
    this.partitions = options.partitions;
    const { kafka, topic, partitions, log, acknowledgeWithinMs } = options;
    const instruments = appenderInstruments(options.meter, options.topic, () => this.#queuedBytes);
    this.#producers = new Producers({
      kafka,
      topic,
      partitions,
      log,
      acknowledgeWithinMs,
      renewed: instruments.renewed,
    });
    this.#queues = Array.from(
      { length: partitions },
      (_, partition) =>
        new PartitionQueue({
          topic,
          partition,
          log,
          lease: () => this.#producers.lease(partition),
          left: (bytes) => {
            this.#queuedBytes -= bytes;
          },
          attempted: instruments.attempted,
          foreign: (error) => this.#refuseForGood(error),
        }),
    );
  }

  async append(partition: number, value: Uint8Array, options: AppendOptions = {}): Promise<AppendResult> {
    const queue = this.#queues[partition];
    if (this.#refusal !== undefined) throw this.#refusal;
    if (options.signal?.aborted === true) {
      throw new Failure("cancelled", "CANCELLED", "The append was cancelled.", { cause: options.signal.reason });
    }
    if (queue === undefined) {
      throw Failure.invalidField("partition", `must be 0 to ${this.partitions - 1}, not ${partition}`);
    }
    if (value.length > MAX_RECORD_BYTES) {
      throw new Failure("invalid", "MESSAGE_TOO_LARGE", `A record has at most ${MAX_RECORD_BYTES} bytes.`);
    }
    return abortable(this.#enqueue(queue, value, options.traceparent), options.signal);
  }

  /** Answers every caller, within the deadline of an append, and disconnects. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #enqueue(queue: PartitionQueue, value: Uint8Array, traceparent: string | undefined): Promise<AppendResult> {
    const { maxQueuedBytes, appendDeadlineMs } = this.#options;
    const bytes = value.length + RECORD_OVERHEAD_BYTES;
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      const message = `More than ${maxQueuedBytes} bytes wait to be written to the event log.`;
      throw new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: OVERLOAD_RETRY_MS });
    }
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) =>
      queue.add({
        value: Buffer.from(value.buffer, value.byteOffset, value.length),
        headers: traceparent === undefined ? undefined : { traceparent },
        deadlineAtMs: performance.now() + appendDeadlineMs,
        resolve,
        reject,
        isSettled: false,
      }),
    );
  }

  #refuseForGood(cause: Error): void {
    const { topic, log } = this.#options;
    const message =
      `The topic ${topic} is not the one that was opened (${cause.message}). ` +
      "Run `millrace migrate`, with --new-generation where the topic was made anew, and start this process again.";
    log.error({ topic }, message);
    this.#refusal = new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause });
    for (const queue of this.#queues) queue.refuseWaiting(this.#refusal);
  }

  async #close(): Promise<void> {
    this.#refusal = new Failure("unavailable", "CLOSED", "The event log is closed.");
    await Promise.all(this.#queues.map((queue) => queue.answered()));
    await this.#producers.close();
  }
}
