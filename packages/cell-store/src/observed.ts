import { Failure } from "@millrace/failure";
import { type Counter, type Histogram, type Meter, type Span, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type {
  BlockKey,
  BlockRange,
  BlockWrite,
  CallOptions,
  CellStore,
  StoredBlock,
  StoredState,
} from "./cell-store.ts";

/** Where an observed store reports to. */
export type Observer = {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** The backend's name, an attribute of everything reported, such as "embedded". */
  readonly backend: string;
};

/** Rows and bytes that a call has moved. */
type Volume = { rows: number; bytes: number };

/**
 * The same store, reporting each call: `millrace.cell_store.duration` (seconds), `.rows` (blocks or states), `.bytes` (of
 * blobs and values) and `.errors` (by kind of Failure), each by operation and backend, with a span a call. A scan is
 * one call, from its first portion to its end or its stop, the reader's own time included.
 */
export function observedCellStore(store: CellStore, observer: Observer): CellStore {
  return new ObservedCellStore(store, new CallReporter(observer));
}

class ObservedCellStore implements CellStore {
  readonly #store: CellStore;
  readonly #reporter: CallReporter;

  constructor(store: CellStore, reporter: CallReporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  writeBlocks(blocks: readonly BlockWrite[], options?: CallOptions): Promise<void> {
    return this.#reporter.report("write_blocks", async (volume) => {
      await this.#store.writeBlocks(blocks, options);
      addBlocks(volume, blocks);
    });
  }

  writeStates(states: readonly StoredState[], options?: CallOptions): Promise<void> {
    return this.#reporter.report("write_states", async (volume) => {
      await this.#store.writeStates(states, options);
      addStates(volume, states);
    });
  }

  expire(projectId: string, granularity: string, beforeBucket: number, options?: CallOptions): Promise<number> {
    return this.#reporter.report("expire", async (volume) => {
      volume.rows = await this.#store.expire(projectId, granularity, beforeBucket, options);
      return volume.rows;
    });
  }

  readBlocks(keys: readonly BlockKey[], options?: CallOptions): Promise<readonly (StoredBlock | undefined)[]> {
    return this.#reporter.report("read_blocks", async (volume) => {
      const blocks = await this.#store.readBlocks(keys, options);
      addBlocks(volume, blocks);
      return blocks;
    });
  }

  async *scan(range: BlockRange, options?: CallOptions): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    const call = this.#reporter.begin("scan");
    try {
      for await (const blocks of this.#store.scan(range, options)) {
        addBlocks(call.volume, blocks);
        yield blocks;
      }
    } catch (error) {
      call.failed(error);
      throw error;
    } finally {
      call.end();
    }
  }

  readStates(kind: string, options?: CallOptions): Promise<readonly StoredState[]> {
    return this.#reporter.report("read_states", async (volume) => {
      const states = await this.#store.readStates(kind, options);
      addStates(volume, states);
      return states;
    });
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
    const name = "millrace.cell_store";
    this.#duration = meter.createHistogram(`${name}.duration`, { unit: "s", description: "How long a call took." });
    this.#rows = meter.createCounter(`${name}.rows`, { unit: "{row}", description: "Blocks and states moved." });
    this.#bytes = meter.createCounter(`${name}.bytes`, { unit: "By", description: "Bytes of blobs and values moved." });
    this.#errors = meter.createCounter(`${name}.errors`, {
      unit: "{call}",
      description: "Calls that failed, by kind.",
    });
  }

  async report<T>(operation: string, call: (volume: Volume) => Promise<T>): Promise<T> {
    const running = this.begin(operation);
    try {
      return await call(running.volume);
    } catch (error) {
      running.failed(error);
      throw error;
    } finally {
      running.end();
    }
  }

  begin(operation: string) {
    const attributes = { operation, backend: this.#backend };
    const startMs = performance.now();
    const volume: Volume = { rows: 0, bytes: 0 };
    const span = this.#tracer.startSpan(`cell_store.${operation}`, { attributes });
    return {
      volume,
      failed: (error: unknown) => {
        const kind = error instanceof Failure ? error.kind : "internal";
        this.#errors.add(1, { ...attributes, kind });
        markFailed(span, error, kind);
      },
      end: () => {
        this.#duration.record((performance.now() - startMs) / 1_000, attributes);
        this.#rows.add(volume.rows, attributes);
        this.#bytes.add(volume.bytes, attributes);
        span.setAttributes(volume).end();
      },
    };
  }
}

function markFailed(span: Span, error: unknown, kind: string): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
}

function addBlocks(volume: Volume, blocks: readonly (StoredBlock | undefined)[]): void {
  for (const block of blocks) {
    if (block === undefined) continue;
    volume.rows++;
    volume.bytes += block.blob.byteLength;
  }
}

function addStates(volume: Volume, states: readonly StoredState[]): void {
  for (const { value } of states) {
    volume.rows++;
    volume.bytes += value.byteLength;
  }
}
