import { Failure } from "@millrace/failure";
import { counter, histogram, inSpan } from "@millrace/telemetry";
import { type Meter, SpanKind, type Tracer } from "@opentelemetry/api";
import type { CallOptions, RecordChange, RecordNotice, RecordPage, RecordStore, StoredRecord } from "./record-store.ts";

/** Where an observed store reports to. */
export type Observer = {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** The backend's name, an attribute of everything reported, such as "embedded". */
  readonly backend: "embedded" | "cassandra";
};

/** Records and bytes that a call has moved. */
type Volume = { rows: number; bytes: number };

/**
 * The same store, measured: each call's time, rows, bytes and failure, and a span for each that belongs to a trace. Of a
 * watch only the notices and the errors are counted: its duration says nothing.
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

type Operation = "get" | "list" | "put" | "watch";

class CallReporter {
  readonly #tracer: Tracer;
  readonly #backend: Observer["backend"];
  readonly #duration;
  readonly #rows;
  readonly #bytes;
  readonly #errors;

  constructor({ meter, tracer, backend }: Observer) {
    this.#tracer = tracer;
    this.#backend = backend;
    this.#duration = histogram(meter, "millrace.record_store.duration");
    this.#rows = counter(meter, "millrace.record_store.rows");
    this.#bytes = counter(meter, "millrace.record_store.io");
    this.#errors = counter(meter, "millrace.record_store.errors", { "millrace.backend": backend });
  }

  async report<T>(operation: Operation, call: (volume: Volume) => Promise<T>): Promise<T> {
    const attributes = this.#attributes(operation);
    const startMs = performance.now();
    const volume: Volume = { rows: 0, bytes: 0 };
    const options = { kind: SpanKind.CLIENT, attributes, describe: kindOf };
    try {
      return await inSpan(this.#tracer, `record_store ${operation}`, options, () => call(volume));
    } catch (error) {
      this.#failed(operation, error);
      throw error;
    } finally {
      this.#duration.record((performance.now() - startMs) / 1_000, attributes);
      this.#rows.add(volume.rows, attributes);
      this.#bytes.add(volume.bytes, attributes);
    }
  }

  async *counted(notices: AsyncIterable<readonly RecordNotice[]>): AsyncGenerator<readonly RecordNotice[], void> {
    try {
      for await (const portion of notices) {
        this.#rows.add(portion.length, this.#attributes("watch"));
        yield portion;
      }
    } catch (error) {
      this.#failed("watch", error);
      throw error;
    }
  }

  #attributes(operation: Operation) {
    return { "millrace.operation": operation, "millrace.backend": this.#backend };
  }

  #failed(operation: Operation, error: unknown): void {
    this.#errors.add(1, { ...this.#attributes(operation), "error.type": kindOf(error) });
  }
}

function kindOf(error: unknown) {
  return error instanceof Failure ? error.kind : "internal";
}

function add(volume: Volume, value: Uint8Array | undefined): void {
  volume.rows++;
  volume.bytes += value?.byteLength ?? 0;
}
