import type { GroupHandler, LogRecord, OwnedPartition, PartitionHandler } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { Cluster } from "./cluster.ts";
import { fetchRecords } from "./partition-records.ts";

const WAIT_MS = 100;
const PAUSE_MS = 50;

/** What a delivery is made of. */
export type DeliveryOptions = {
  readonly cluster: Cluster;
  readonly lane: string;
  readonly partition: number;
  readonly startOffset: number;
  readonly maxBatchBytes: number;
  readonly handler: GroupHandler;
  readonly commit: (partition: number, offset: number) => Promise<void>;
};

/** A partition that a member owns, and the delivery of its records. */
export class Delivery implements OwnedPartition {
  readonly partition: number;
  readonly startOffset: number;
  readonly lost: AbortSignal;
  readonly #options: DeliveryOptions;
  readonly #lost = new AbortController();
  #handler: PartitionHandler | undefined;
  #end: number;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.startOffset = options.startOffset;
    this.#end = options.startOffset;
    this.lost = this.#lost.signal;
  }

  async start(): Promise<void> {
    this.#handler = await this.#options.handler.assigned(this);
    this.#running = this.#deliver(this.#handler);
  }

  async commit(offset: number): Promise<void> {
    if (this.lost.aborted) throw lostOwnership();
    await this.#options.commit(this.partition, offset);
  }

  endOffset(): number {
    return this.#end;
  }

  /** Lets go in good order. */
  async release(): Promise<void> {
    this.#isStopped = true;
    this.#handler?.revoking?.();
    await this.#running;
    await this.#handler?.revoke();
    this.#lost.abort();
  }

  /** It belongs to somebody else already. */
  lose(): void {
    this.#isStopped = true;
    this.#lost.abort();
  }

  async #deliver(handler: PartitionHandler): Promise<void> {
    const { cluster, lane, partition, maxBatchBytes } = this.#options;
    let offset = this.startOffset;
    let timeMs = 0;
    try {
      while (!this.#isStopped) {
        const fetched = await fetchRecords(cluster, { lane, partition, offset, waitMs: WAIT_MS }).catch(elsewhere);
        if (fetched === undefined) continue;
        this.#end = Math.max(this.#end, fetched.end);
        for (const batch of batchesOf(fetched.records, maxBatchBytes)) {
          if (this.#isStopped) return;
          await handler.records(batch);
          ({ offset, appendTimeMs: timeMs } = batch.at(-1)!);
          offset++;
        }
        if (offset >= this.#end && !this.#isStopped) handler.idle(timeMs);
      }
    } catch (error) {
      this.#options.handler.failed(error, partition);
    }
  }
}

export function lostOwnership(cause?: unknown): Failure {
  return new Failure("stale", "OWNERSHIP_LOST", "the partition belongs to somebody else", { cause });
}

async function elsewhere(error: unknown): Promise<undefined> {
  if (error instanceof Failure && error.kind === "outOfRange") throw error;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function* batchesOf(records: readonly LogRecord[], bytesMax: number): Generator<readonly LogRecord[]> {
  let batch: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (batch.length > 0 && bytes + record.value.length > bytesMax) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.value.length;
  }
  if (batch.length > 0) yield batch;
}
