import type { IHeaders, Message } from "kafkajs";
import type { AppendResult } from "../../event-log.ts";

/** What a record takes beside its value, in memory and on its way; so that empty ones are bounded too. */
export const RECORD_OVERHEAD_BYTES = 512;

/** A record that waits to be acknowledged. */
export type Entry = {
  readonly value: Buffer;
  readonly headers: IHeaders | undefined;
  readonly deadlineAtMs: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the caller was answered. */
  isSettled: boolean;
};

/** Thrown while a batch is encoded, so that it isn't sent. */
class Withdrawn extends Error {
  override readonly name = "Withdrawn";
  readonly retriable = false;
}

/** Records of a partition that are sent together. */
export class Batch {
  readonly partition: number;
  #entries: readonly Entry[];
  #isUnclear = false;
  #isEncoded = false;

  constructor(partition: number, entries: readonly Entry[]) {
    this.partition = partition;
    this.#entries = entries;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Whether it may be in the log: an attempt had no clear outcome, or the one under way has gone out. */
  get mayBeStored(): boolean {
    return this.#isUnclear || this.#isEncoded;
  }

  /** Whether the attempt under way has gone out, or is about to. */
  get isEncoded(): boolean {
    return this.#isEncoded;
  }

  /** Begins an attempt: what kafkajs is to send. */
  messages(): Message[] {
    this.#isEncoded = false;
    const timestamp = `${Date.now()}`;
    return this.#entries.map((entry) => new BatchMessage(this, entry, timestamp));
  }

  /** kafkajs is about to encode the batch, and to send it after that. */
  encoding(): void {
    if (this.#isEncoded) return;
    // One that was answered with "nothing can have been stored" must not be sent after all.
    if (!this.#isUnclear && this.#entries.some((entry) => entry.isSettled)) {
      throw new Withdrawn("a record of the batch has been answered already");
    }
    this.#isEncoded = true;
  }

  /** Ends an attempt. */
  attempted(isUnclear: boolean): void {
    this.#isEncoded = false;
    this.#isUnclear ||= isUnclear;
  }

  /** Leaves out what was answered meanwhile. Only while nothing of the batch can be stored: a repetition is the same. */
  withdrawSettled(): void {
    this.#entries = this.#entries.filter((entry) => !entry.isSettled);
  }
}

/**
 * A message that notices when it is encoded: kafkajs asks for its time then, and at no other moment. Whatever fails before
 * (looking for the leader, connecting, authenticating) can't have sent it.
 */
class BatchMessage implements Message {
  readonly key = null;
  readonly value: Buffer;
  readonly partition: number;
  readonly headers?: IHeaders;
  readonly #batch: Batch;
  readonly #timestamp: string;

  constructor(batch: Batch, { value, headers }: Entry, timestamp: string) {
    this.partition = batch.partition;
    this.value = value;
    if (headers !== undefined) this.headers = headers;
    this.#batch = batch;
    this.#timestamp = timestamp;
  }

  get timestamp(): string {
    this.#batch.encoding();
    return this.#timestamp;
  }
}
