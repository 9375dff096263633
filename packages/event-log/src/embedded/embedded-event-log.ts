import { Failure } from "@millrace/failure";
import { sqliteFailure } from "@millrace/sqlite";
import { abortable } from "../abortable.ts";
import type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
} from "../event-log.ts";
import { CommitQueue } from "./commit-queue.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import type { LoopSource } from "./delivery-loop.ts";
import { MAX_PARTITIONS, RecordTable } from "./record-table.ts";

const DAY_MS = 86_400_000;
const DEFAULT_BATCH_BYTES = 4 << 20;
const MAX_RECORD_BYTES = 2 << 20;
const IDLE_MS = 1000;
const TRIM_MS = 60_000;
const TRIM_STEP_RECORDS = 256;
/** A group that has been silent for so many retentions no longer keeps records from being removed. */
const FORGOTTEN_RETENTIONS = 4;

/** What {@link openEmbeddedEventLog} takes. */
export type EmbeddedEventLogOptions = {
  /** Where the file `event-log.sqlite` lies; made when missing. ":memory:" keeps everything in memory, for tests. */
  readonly directory: string;
  /** 1 to 256, 8 by default; fixed when the log is made. */
  readonly partitions?: number;
  /** How long records are kept, 7 days by default; longer while a group has not committed them. */
  readonly retentionMs?: number;
  /** The log's clock, in epoch milliseconds; the system's by default. */
  readonly clock?: () => number;
};

/**
 * Opens the log of one process. No other process can open the same directory meanwhile.
 *
 * @throws Failure `unavailable` when the directory is in use or cannot be written, `corrupt` when the file is damaged,
 *   `precondition` when it has another number of partitions
 */
export async function openEmbeddedEventLog(options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> {
  const { partitions } = options;
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS)) {
    throw Failure.invalidField("partitions", `must be 1 to ${MAX_PARTITIONS}`);
  }
  try {
    const table = new RecordTable(options.directory, partitions);
    return new EmbeddedEventLog(table, options.retentionMs ?? 7 * DAY_MS, options.clock ?? Date.now);
  } catch (error) {
    throw sqliteFailure(error, "opening the event log");
  }
}

/** An {@link EventLog} in one SQLite file, for one process. */
export class EmbeddedEventLog implements EventLog {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes = MAX_RECORD_BYTES;
  readonly #table: RecordTable;
  readonly #queue: CommitQueue;
  readonly #clock: () => number;
  readonly #retentionMs: number;
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #timers: NodeJS.Timeout[];
  #trimming = false;
  #closed: Promise<void> | undefined;

  /** @private Use {@link openEmbeddedEventLog}. */
  constructor(table: RecordTable, retentionMs: number, clock: () => number) {
    this.#table = table;
    this.#retentionMs = retentionMs;
    this.#clock = clock;
    this.generation = table.generation;
    this.partitions = table.partitions;
    this.#queue = new CommitQueue(table, clock, (partition) => this.#wake(partition));
    // Neither timer may keep a process alive that has nothing else to do.
    this.#timers = [
      setInterval(() => this.#wakeAll(), IDLE_MS).unref(),
      setInterval(() => this.#trimAll(), TRIM_MS).unref(),
    ];
  }

  async append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult> {
    this.#check(partition, options);
    if (value.length > MAX_RECORD_BYTES) {
      throw new Failure("invalid", "MESSAGE_TOO_LARGE", `A record has at most ${MAX_RECORD_BYTES} bytes.`);
    }
    return abortable(this.#queue.append(partition, value, options?.traceparent), options?.signal);
  }

  async join(
    group: string,
    handler: GroupHandler,
    options?: { readonly maxBatchBytes?: number },
  ): Promise<GroupMember> {
    this.#checkOpen();
    let joined = this.#groups.get(group);
    if (joined === undefined) {
      joined = new ConsumerGroup({
        partitions: this.partitions,
        committed: (partition) => this.#table.committed(group, partition),
        source: (partition, maxBatchBytes) => this.#source(group, partition, maxBatchBytes),
      });
      this.#groups.set(group, joined);
    }
    return joined.join(handler, options?.maxBatchBytes ?? DEFAULT_BATCH_BYTES);
  }

  async committed(group: string, partition: number, options?: CallOptions): Promise<number> {
    this.#check(partition, options);
    return this.#guard(() => this.#table.committed(group, partition));
  }

  read(partition: number, fromOffset: number, options?: CallOptions): AsyncIterable<readonly LogRecord[]> {
    this.#check(partition, options);
    return this.#readTo(partition, fromOffset, this.#table.end(partition), options);
  }

  async bounds(partition: number, options?: CallOptions): Promise<{ readonly first: number; readonly end: number }> {
    this.#check(partition, options);
    return { first: this.#table.first(partition), end: this.#table.end(partition) };
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#checkOpen(options);
  }

  /**
   * Removes records that are older than the retention at `nowMs`: up to 256 a partition, so that the call is short. A
   * group that has not committed a record yet keeps it: one with members always, another unless it has been silent for
   * four retentions.
   *
   * @returns how many went; when it is not 0 there may be more
   */
  trim(nowMs: number): number {
    this.#checkOpen();
    const beforeMs = nowMs - this.#retentionMs;
    const activeMs = nowMs - FORGOTTEN_RETENTIONS * this.#retentionMs;
    return this.#guard(() => {
      let removed = 0;
      for (let partition = 0; partition < this.partitions; partition++) {
        const to = Math.min(this.#table.heldFrom(partition, activeMs), this.#readFrom(partition));
        removed += this.#table.trim(partition, to, beforeMs, TRIM_STEP_RECORDS);
      }
      return removed;
    });
  }

  /** The lowest offset that a group with members has committed. */
  #readFrom(partition: number): number {
    let offset = Number.POSITIVE_INFINITY;
    for (const [name, group] of this.#groups) {
      if (group.isRead) offset = Math.min(offset, this.#table.committed(name, partition));
    }
    return offset;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    // Handlers may commit while they are revoked, so the queue closes after the groups.
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    this.#queue.close();
    this.#table.close();
  }

  async *#readTo(
    partition: number,
    from: number,
    end: number,
    options?: CallOptions,
  ): AsyncGenerator<readonly LogRecord[]> {
    let next = from;
    while (next < end) {
      this.#checkOpen(options);
      const first = this.#table.first(partition);
      if (next < first) {
        const message = `Offset ${next} of partition ${partition} is no longer kept; the oldest is ${first}.`;
        throw new Failure("outOfRange", "FIELD_INVALID", message, { metadata: { first: String(first) } });
      }
      const records = this.#guard(() => this.#table.read(partition, next, end, DEFAULT_BATCH_BYTES));
      const last = records.at(-1);
      if (last === undefined)
        throw new Failure("corrupt", "DATA_CORRUPT", `Partition ${partition} lacks offset ${next}.`);
      next = last.offset + 1;
      yield records;
    }
  }

  #source(group: string, partition: number, maxBatchBytes: number): LoopSource {
    return {
      first: () => this.#table.first(partition),
      end: () => this.#table.end(partition),
      read: (from) => {
        const records = this.#guard(() => this.#table.read(partition, from, this.#table.end(partition), maxBatchBytes));
        return this.#queue.traces.carriedBy(partition, records);
      },
      clock: this.#clock,
      commit: (offset, isOwned) => {
        if (!Number.isSafeInteger(offset) || offset < 0 || offset > this.#table.end(partition)) {
          return Promise.reject(Failure.invalidField("offset", "must be within the partition"));
        }
        return this.#queue.write(() => {
          if (!isOwned()) throw lostOwnership(partition);
          this.#table.commit(group, partition, offset, this.#clock());
        });
      },
    };
  }

  #wake(partition: number): void {
    for (const group of this.#groups.values()) group.wake(partition);
  }

  #wakeAll(): void {
    for (let partition = 0; partition < this.partitions; partition++) this.#wake(partition);
  }

  #trimAll(): void {
    if (this.#trimming) return;
    this.#trimming = true;
    const step = () => {
      if (this.#closed === undefined && this.#trimQuietly() > 0) setImmediate(step);
      else this.#trimming = false;
    };
    step();
  }

  /** A trim that fails is tried again at the next turn of the timer; the appends tell what is wrong with the disk. */
  #trimQuietly(): number {
    try {
      return this.trim(this.#clock());
    } catch {
      return 0;
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sqliteFailure(error, "using the event log", "unknownOutcome");
    }
  }

  #check(partition: number, options?: CallOptions): void {
    this.#checkOpen(options);
    if (!(Number.isInteger(partition) && partition >= 0 && partition < this.partitions)) {
      throw Failure.invalidField("partition", `must be 0 to ${this.partitions - 1}`);
    }
  }

  #checkOpen(options?: CallOptions): void {
    if (this.#closed !== undefined) throw new Failure("unavailable", "CLOSED", "The event log is closed.");
    if (options?.signal?.aborted)
      throw new Failure("cancelled", "CANCELLED", "The call was cancelled before it began.");
  }
}

function lostOwnership(partition: number): Failure {
  return new Failure("stale", "OWNERSHIP_LOST", `Partition ${partition} belongs to another member by now.`);
}
