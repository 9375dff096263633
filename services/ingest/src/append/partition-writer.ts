import { type EventAppender, EventBatchWriter, type SectionHeader } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { SpanContext } from "@opentelemetry/api";
import type { EventBatch } from "./event-batch.ts";

/** How much of a record's body is written before another is begun. The log's own bound may be lower. */
const RECORD_BYTES = 512 * 1024;
/** Full records of a partition that are under way at once. */
const APPENDS_IN_FLIGHT = 4;

/** What a batch has in a record. */
export type Contribution = {
  readonly batch: EventBatch;
  readonly header: SectionHeader;
  readonly indexes: number[];
  late: number;
};
type SealedRecord = { readonly value: Uint8Array; readonly contributions: readonly Contribution[] };

/** Who is told how appends end, before the batches are. */
export type AppendListener = {
  /** A record is durable; called for each batch's part of it. */
  readonly durable: (contribution: Contribution) => void;
  /** A record may not be in the log. */
  readonly failed: (failure: Failure, partition: number) => void;
};

/**
 * Packs the events of one partition into records: while an append is under way, the sections of whatever comes
 * meanwhile gather in one record, which goes next. So an idle partition appends at once, and a busy one appends
 * large records.
 */
export class PartitionWriter {
  readonly #log: EventAppender;
  readonly #partition: number;
  readonly #listener: AppendListener;
  readonly #timeoutMs: number;
  readonly #writer: EventBatchWriter;
  #header: SectionHeader | undefined;
  #contributions: Contribution[] = [];
  /** The last of them. */
  #contribution: Contribution | undefined;
  #sealed: SealedRecord[] = [];
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(log: EventAppender, partition: number, timeoutMs: number, listener: AppendListener) {
    this.#log = log;
    this.#partition = partition;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    // Compression may add a little where there is nothing to compress.
    this.#writer = new EventBatchWriter(Math.min(RECORD_BYTES, log.maxRecordBytes - 1024));
  }

  /** Adds event `index` of `batch`, copying `bytes[from, to)`. The header is the same object for all of a batch. */
  add(
    header: SectionHeader,
    batch: EventBatch,
    index: number,
    timeMs: number,
    claimTimeMs: number,
    late: boolean,
    assignedId: string,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    if (header !== this.#header) this.#begin(header);
    if (!this.#writer.addEvent(timeMs, claimTimeMs, late, assignedId, bytes, from, to)) {
      this.#seal();
      this.#begin(header);
      this.#writer.addEvent(timeMs, claimTimeMs, late, assignedId, bytes, from, to);
    }
    let contribution = this.#contribution;
    if (contribution?.batch !== batch) {
      contribution = { batch, header, indexes: [], late: 0 };
      this.#contribution = contribution;
      this.#contributions.push(contribution);
      batch.joinRecord();
    }
    contribution.indexes.push(index);
    if (late) contribution.late++;
  }

  /** Sees to it that what was added goes out as soon as it may. */
  flush(): void {
    while (this.#sealed.length > 0 && this.#inFlight < APPENDS_IN_FLIGHT) void this.#append(this.#sealed.shift()!);
    if (this.#inFlight > 0 || this.#writer.eventCount === 0) return;
    this.#seal();
    void this.#append(this.#sealed.shift()!);
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    if (this.#inFlight === 0 && this.#writer.eventCount === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #begin(header: SectionHeader): void {
    if (this.#writer.eventCount > 0 && this.#header !== undefined && isSame(header, this.#header)) {
      this.#header = header;
      return;
    }
    if (!this.#writer.beginSection(header)) {
      this.#seal();
      this.#writer.beginSection(header);
    }
    this.#header = header;
  }

  #seal(): void {
    this.#sealed.push({ value: this.#writer.finish(), contributions: this.#contributions });
    this.#contributions = [];
    this.#contribution = undefined;
    this.#header = undefined;
  }

  async #append({ value, contributions }: SealedRecord): Promise<void> {
    this.#inFlight++;
    let failure: Failure | undefined;
    // AbortSignal.timeout would keep every record's timer until its time: garbage that grows old.
    const stop = new AbortController();
    const timer = setTimeout(
      () => stop.abort(new DOMException("the append took too long", "TimeoutError")),
      this.#timeoutMs,
    );
    timer.unref();
    try {
      await this.#log.append(this.#partition, value, { signal: stop.signal, causes: causesOf(contributions) });
    } catch (thrown) {
      failure = asFailure(thrown);
      this.#listener.failed(failure, this.#partition);
    } finally {
      clearTimeout(timer);
    }
    this.#inFlight--;
    // The next record first: it takes its time, and the answers to this one do not need to wait for it.
    this.flush();
    for (const contribution of contributions) {
      if (failure === undefined) this.#listener.durable(contribution);
      contribution.batch.recordSettled(contribution.indexes, failure);
    }
    if (this.#inFlight === 0 && this.#writer.eventCount === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}

/** The recorded spans that a record's events came by, each once. Seldom any. */
function causesOf(contributions: readonly Contribution[]): readonly SpanContext[] {
  const causes = new Map<string, SpanContext>();
  for (const { batch } of contributions) {
    if (batch.cause !== undefined) causes.set(batch.cause.spanId, batch.cause);
  }
  return causes.size === 0 ? NO_CAUSES : [...causes.values()];
}

const NO_CAUSES: readonly SpanContext[] = [];

function isSame(a: SectionHeader, b: SectionHeader): boolean {
  return (
    a.receivedAtMs === b.receivedAtMs &&
    a.projectId === b.projectId &&
    a.revision === b.revision &&
    a.processingVersion === b.processingVersion &&
    a.imported === b.imported &&
    a.userAgent === b.userAgent
  );
}

/** Nothing is known of what the log did when it throws anything but a Failure. */
function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure("unknownOutcome", "BACKEND_TIMEOUT", "It is not known whether the events were appended.", {
    cause: thrown,
  });
}
