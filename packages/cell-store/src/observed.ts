import { Failure } from "@millrace/failure";
import { counter, failSpan, histogram, isTraced } from "@millrace/telemetry";
import { type Meter, SpanKind, type Tracer } from "@opentelemetry/api";
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
  readonly backend: "embedded" | "cassandra";
};

/** Rows and bytes that a call has moved. */
type Volume = { rows: number; bytes: number };

/**
 * The same store, measured: each call's time, rows, bytes and failure, and a span for each that belongs to a trace. A
 * scan is one call, from its first portion to its end or its stop, the reader's own time included.
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

type Operation = "write_blocks" | "write_states" | "expire" | "read_blocks" | "scan" | "read_states";

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
    this.#duration = histogram(meter, "millrace.cell_store.duration");
    this.#rows = counter(meter, "millrace.cell_store.rows");
    this.#bytes = counter(meter, "millrace.cell_store.io");
    this.#errors = counter(meter, "millrace.cell_store.errors", { "millrace.backend": backend });
  }

  async report<T>(operation: Operation, call: (volume: Volume) => Promise<T>): Promise<T> {
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

  begin(operation: Operation) {
    const attributes = { "millrace.operation": operation, "millrace.backend": this.#backend };
    const startMs = performance.now();
    const volume: Volume = { rows: 0, bytes: 0 };
    const span = isTraced()
      ? this.#tracer.startSpan(`cell_store ${operation}`, { kind: SpanKind.CLIENT, attributes })
      : undefined;
    return {
      volume,
      failed: (error: unknown) => {
        const kind = error instanceof Failure ? error.kind : "internal";
        this.#errors.add(1, { ...attributes, "error.type": kind });
        if (span !== undefined) failSpan(span, kind);
      },
      end: () => {
        this.#duration.record((performance.now() - startMs) / 1_000, attributes);
        this.#rows.add(volume.rows, attributes);
        this.#bytes.add(volume.bytes, attributes);
        span?.setAttributes({ "millrace.rows": volume.rows, "millrace.bytes": volume.bytes }).end();
      },
    };
  }
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
