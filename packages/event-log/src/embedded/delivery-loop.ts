import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import type { LogRecord, OwnedPartition, PartitionHandler } from "../event-log.ts";

/** What a loop needs of the log around it. */
export type LoopSource = {
  readonly first: () => number;
  readonly end: () => number;
  readonly read: (from: number) => readonly LogRecord[];
  readonly clock: () => number;
  /** Makes an offset durable; `isOwned` is asked again at the very moment of writing. */
  readonly commit: (offset: number, isOwned: () => boolean) => Promise<void>;
};

/** Hands the records of one owned partition to its handler, waiting for news rather than asking for them. */
export class DeliveryLoop implements OwnedPartition {
  readonly partition: number;
  readonly startOffset: number;
  readonly #source: LoopSource;
  readonly #failed: (error: unknown) => void;
  readonly #loss = new AbortController();
  #next: number;
  #stopping = false;
  #handler: PartitionHandler | undefined;
  #running: Promise<void> | undefined;
  #revoked: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(partition: number, committed: number, source: LoopSource, failed: (error: unknown) => void) {
    this.partition = partition;
    this.startOffset = committed;
    this.#next = committed;
    this.#source = source;
    this.#failed = failed;
  }

  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  endOffset(): number {
    return this.#source.end();
  }

  commit(offset: number): Promise<void> {
    return this.#source.commit(offset, () => !this.#loss.signal.aborted);
  }

  /** Begins to hand over records. */
  start(handler: PartitionHandler): void {
    this.#handler = handler;
    this.#running = this.#run(handler).catch((error: unknown) => this.#failed(error));
  }

  /** There may be news: records, or a second that has passed. */
  wake(): void {
    this.#wake?.();
  }

  /** Stops after the batch in hand, lets the handler finish, and gives the ownership up. Idempotent. */
  revoke(): Promise<void> {
    this.#revoked ??= this.#revoke();
    return this.#revoked;
  }

  async #revoke(): Promise<void> {
    this.#stopping = true;
    this.wake();
    this.#handler?.revoking?.();
    await this.#running;
    try {
      await this.#handler?.revoke();
    } catch (error) {
      this.#failed(error);
    }
    this.#loss.abort();
  }

  async #run(handler: PartitionHandler): Promise<void> {
    const first = this.#source.first();
    if (this.#next < first) {
      // Where nothing was ever committed, the oldest record kept is the beginning; a gap after a commit is a loss.
      if (this.#next > 0) throw trimmed(this.#next, first);
      this.#next = first;
    }
    while (!this.#stopping) {
      if (this.#next < this.#source.first()) throw trimmed(this.#next, this.#source.first());
      const records = this.#source.read(this.#next);
      const last = records.at(-1);
      if (last === undefined) {
        handler.idle(this.#source.clock());
        await this.#news();
      } else {
        await handler.records(records);
        this.#next = last.offset + 1;
        // A handler that resolves at once must not keep the event loop from everyone else.
        await turn();
      }
    }
  }

  #news(): Promise<void> {
    if (this.#stopping || this.#source.end() > this.#next) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

function trimmed(next: number, first: number): Failure {
  const message = `The records from offset ${next} to ${first - 1} were removed by the retention before they were read.`;
  return new Failure("outOfRange", "DATA_CORRUPT", message);
}
