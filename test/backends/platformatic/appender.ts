import type { AppendOptions, AppendResult } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { initProducerIdV5, type MessageRecord, NumericMap, produceV11 } from "@platformatic/kafka";
import { abortable } from "./abortable.ts";
import { type Cluster, isBrokerError } from "./cluster.ts";

export const MAX_RECORD_BYTES = 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;
const BATCH_RECORDS = 500;
const DEADLINE_MS = 15_000;
const PAUSE_MS = 50;

type Entry = { readonly value: Uint8Array } & PromiseWithResolvers<AppendResult>;

/**
 * One partition's way to its leader. As for kafkajs, one batch is under way at a time, and is repeated as it was, with its sequence,
 * until its deadline. The client's own `send` gives no append time, and takes the same sequence for sends at the same time.
 */
class Partition {
  readonly #cluster: Cluster;
  readonly #partition: number;
  readonly #waiting: Entry[] = [];
  #producer: { readonly id: bigint; readonly epoch: number } | undefined;
  #sequence = 0;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, partition: number) {
    this.#cluster = cluster;
    this.#partition = partition;
  }

  add(value: Uint8Array): Promise<AppendResult> {
    const entry = { value, ...Promise.withResolvers<AppendResult>() };
    this.#waiting.push(entry);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return entry.promise;
  }

  async answered(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is appended in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#send(batch);
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        const { offset, appendTimeMs } = await this.#attempt(batch, attempt > 0);
        this.#sequence += batch.length;
        for (const [index, entry] of batch.entries()) entry.resolve({ offset: offset + index, appendTimeMs });
        return;
      } catch (cause) {
        if (performance.now() < deadline && !isBrokerError(cause, "MESSAGE_TOO_LARGE")) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          continue;
        }
        // Nobody may take the sequence of what may be stored.
        this.#producer = undefined;
        const failure = new Failure("unknownOutcome", "BACKEND_TIMEOUT", "it is not known whether it was stored", {
          cause,
        });
        for (const entry of batch) entry.reject(failure);
        return;
      }
    }
  }

  async #attempt(batch: readonly Entry[], refresh: boolean) {
    const { topic } = this.#cluster;
    const partition = this.#partition;
    const { broker } = await this.#cluster.leader(partition, refresh);
    const lane = `produce ${partition}`;
    if (this.#producer === undefined) {
      const { producerId: id, producerEpoch: epoch } = await this.#cluster.call(
        lane,
        broker,
        initProducerIdV5.api,
        null as unknown as string,
        DEADLINE_MS,
        -1n,
        -1,
      );
      this.#producer = { id, epoch };
      this.#sequence = 0;
    }
    const sequences = new NumericMap();
    sequences.set(`${topic}:${partition}`, this.#sequence);
    const { id: producerId, epoch: producerEpoch } = this.#producer;
    const messages = batch.map(({ value }): MessageRecord => ({ topic, partition, value: bufferOf(value) }));
    const options = { producerId, producerEpoch, sequences };
    const response = await this.#cluster.call(lane, broker, produceV11.api, -1, DEADLINE_MS, messages, options);
    const [answer] = typeof response === "boolean" ? [] : (response.responses[0]?.partitionResponses ?? []);
    if (answer?.index !== partition || answer.baseOffset < 0n) throw new Error("the response is of something else");
    return { offset: Number(answer.baseOffset), appendTimeMs: Number(answer.logAppendTimeMs) };
  }

  #take(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const { value } of this.#waiting.slice(0, BATCH_RECORDS)) {
      bytes += value.length;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Appends to the partitions of a topic. */
export class PlatformaticAppender {
  readonly #partitions: readonly Partition[];
  #isClosed = false;

  constructor(cluster: Cluster, partitions: number) {
    this.#partitions = Array.from({ length: partitions }, (_, partition) => new Partition(cluster, partition));
  }

  async append(partition: number, value: Uint8Array, { signal }: AppendOptions = {}): Promise<AppendResult> {
    if (this.#isClosed) throw closed();
    const queue = this.#partitions[partition];
    if (queue === undefined) throw Failure.invalidField("partition", "there is none of this number");
    if (value.length > MAX_RECORD_BYTES) throw Failure.invalidField("value", "is too large");
    if (signal?.aborted) throw new Failure("cancelled", "CANCELLED", "the append was cancelled");
    return await abortable(queue.add(value), signal, "unknownOutcome");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#partitions.map((partition) => partition.answered()));
  }
}

export function closed(): Failure {
  return new Failure("unavailable", "CLOSED", "the event log is closed");
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
