import { Failure } from "@millrace/failure";
import { type Counter, type Histogram, type Meter, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { CallOptions, RecordChange, RecordNotice, RecordPage, RecordStore, StoredRecord } from "./record-store.ts";

/** Where an observed store reports to. */
export type Observer = {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** The backend's name, an attribute of everything reported, such as "embedded". */
  readonly backend: string;
};

/** Records and bytes that a call has moved. */
type Volume = { rows: number; bytes: number };

/**
 * The same store, reporting each call: `millrace.record_store.duration` (seconds), `.rows` (records), `.bytes` (of
 * values) and `.errors` (by kind of Failure), each by operation and backend, with a span a call. Of a watch only the
 * notices and the errors are counted: its duration says nothing.
 */
export function observedRecordStore(store: RecordStore, observer: Observer): RecordStore {
  return new ObservedRecordStore(store, new CallReporter(observer));
}

class ObservedRecordStore implements RecordStore {
  readonly #store: RecordStore;
  readonly #reporter: CallReporter;

  constructor(store: RecordStore, reporter: CallReporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  get(collection: string, id: string, options?: CallOptions): Promise<StoredRecord | undefined> {
    return this.#reporter.report("get", async (volume) => {
      const record = await this.#store.get(collection, id, options);
      if (record !== undefined) add(volume, record.value);
      return record;
    });
  }

  list(collection: string, page: RecordPage, options?: CallOptions): Promise<readonly StoredRecord[]> {
    return this.#reporter.report("list", async (volume) => {
      const records = await this.#store.list(collection, page, options);
      for (const { value } of records) add(volume, value);
      return records;
    });
  }

  put(change: RecordChange, options?: CallOptions): Promise<number> {
    return this.#reporter.report("put", async (volume) => {
      const version = await this.#store.put(change, options);
      add(volume, change.value);
      return version;
    });
  }

  watch(options?: CallOptions): AsyncIterable<readonly RecordNotice[]> {
    // Begun here and not at the first read: what the store promises "from now on" holds from this call.
    const notices = this.#store.watch(options);
    return this.#reporter.counted(notices);
  }

  ready(options?: CallOptions): Promise<void> {
    return this.#store.ready(options);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

class CallReporter {
  readonly #tracer: Tracer;
  readonly #backend: string;
  readonly #duration: Histogram;
  readonly #rows: Counter;
  readonly #bytes: Counter;
  readonly #errors: Counter;

  constructor({ meter, tracer, backend }: Observer) {
    this.#tracer = tracer;
    this.#backend = backend;
    const name = "millrace.record_store";
    this.#duration = meter.createHistogram(`${name}.duration`, { unit: "s", description: "How long a call took." });
    this.#rows = meter.createCounter(`${name}.rows`, { unit: "{row}", description: "Records and notices moved." });
    this.#bytes = meter.createCounter(`${name}.bytes`, { unit: "By", description: "Bytes of values moved." });
    this.#errors = meter.createCounter(`${name}.errors`, {
      unit: "{call}",
      description: "Calls that failed, by kind.",
    });
  }

  async report<T>(operation: string, call: (volume: Volume) => Promise<T>): Promise<T> {
    const attributes = { operation, backend: this.#backend };
    const startMs = performance.now();
    const volume: Volume = { rows: 0, bytes: 0 };
    const span = this.#tracer.startSpan(`record_store.${operation}`, { attributes });
    try {
      return await call(volume);
    } catch (error) {
      const kind = this.#failed(operation, error);
      if (error instanceof Error) span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
      throw error;
    } finally {
      this.#duration.record((performance.now() - startMs) / 1_000, attributes);
      this.#rows.add(volume.rows, attributes);
      this.#bytes.add(volume.bytes, attributes);
      span.setAttributes(volume).end();
    }
  }

  async *counted(notices: AsyncIterable<readonly RecordNotice[]>): AsyncGenerator<readonly RecordNotice[], void> {
    try {
      for await (const portion of notices) {
        this.#rows.add(portion.length, { operation: "watch", backend: this.#backend });
        yield portion;
      }
    } catch (error) {
      this.#failed("watch", error);
      throw error;
    }
  }

  #failed(operation: string, error: unknown): string {
    const kind = error instanceof Failure ? error.kind : "internal";
    this.#errors.add(1, { operation, backend: this.#backend, kind });
    return kind;
  }
}

function add(volume: Volume, value: Uint8Array | undefined): void {
  volume.rows++;
  volume.bytes += value?.byteLength ?? 0;
}
