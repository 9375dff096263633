import { Failure } from "@millrace/failure";
import { counter, failSpan, histogram, observeOne, startShared, traceparentOf, within } from "@millrace/telemetry";
import { context, type Meter, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventAppender,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
  OwnedPartition,
  PartitionHandler,
} from "./event-log.ts";

/** Where measurements and spans go. */
export type Telemetry = { readonly meter: Meter; readonly tracer: Tracer };

/**
 * The same log, measured: appends, what is handed over, partitions gained and lost, and failures. An append that belongs to
 * traces has a span, whose context travels with the record where the log carries it.
 */
export function observedEventLog(log: EventLog, telemetry: Telemetry): EventLog {
  return new ObservedEventLog(log, telemetry);
}

/** As {@link observedEventLog}, for the side that writes. */
export function observedAppender(appender: EventAppender, telemetry: Telemetry): EventAppender {
  return new ObservedAppender(appender, telemetry.tracer, appendInstruments(telemetry.meter, appender));
}

class ObservedAppender implements EventAppender {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes: number;
  readonly #appender: EventAppender;
  readonly #tracer: Tracer;
  readonly #instruments: AppendInstruments;

  constructor(appender: EventAppender, tracer: Tracer, measures: AppendInstruments) {
    this.#appender = appender;
    this.#tracer = tracer;
    this.#instruments = measures;
    this.generation = appender.generation;
    this.partitions = appender.partitions;
    this.maxRecordBytes = appender.maxRecordBytes;
  }

  async append(partition: number, value: Uint8Array, options: AppendOptions = {}): Promise<AppendResult> {
    const startMs = performance.now();
    const active = trace.getSpanContext(context.active());
    const span = startShared(this.#tracer, "event_log append", options.causes ?? (active ? [active] : []), {
      kind: SpanKind.PRODUCER,
      attributes: { "millrace.partition": partition, "messaging.message.body.size": value.length },
    });
    const traceparent = traceparentOf(span?.spanContext());
    try {
      const carrying = { ...(traceparent !== undefined && { traceparent }), ...options };
      const result = await within(span, () => this.#appender.append(partition, value, carrying));
      span?.setAttribute("millrace.offset", result.offset);
      this.#instruments.records.add(1, {});
      this.#instruments.bytes.add(value.length, {});
      return result;
    } catch (error) {
      if (span !== undefined) failSpan(span, kindOf(error));
      this.#instruments.failed("append", error);
      throw error;
    } finally {
      this.#instruments.duration.record((performance.now() - startMs) / 1000, {});
      span?.end();
    }
  }
}

class ObservedEventLog implements EventLog {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes: number;
  readonly #log: EventLog;
  readonly #appender: EventAppender;
  readonly #instruments: AppendInstruments;
  readonly #consumed;

  constructor(log: EventLog, { meter, tracer }: Telemetry) {
    this.#log = log;
    this.#instruments = appendInstruments(meter, log);
    this.#consumed = consumeInstruments(meter);
    this.#appender = new ObservedAppender(log, tracer, this.#instruments);
    this.generation = log.generation;
    this.partitions = log.partitions;
    this.maxRecordBytes = log.maxRecordBytes;
  }

  append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult> {
    return this.#appender.append(partition, value, options);
  }

  async join(
    group: string,
    handler: GroupHandler,
    options?: { readonly maxBatchBytes?: number },
  ): Promise<GroupMember> {
    const observed: GroupHandler = {
      assigned: async (owned) => this.#observe(group, owned, await handler.assigned(owned)),
      failed: (error, partition) => {
        this.#instruments.failed("consume", error);
        handler.failed(error, partition);
      },
    };
    return this.#counted("join", this.#log.join(group, observed, options));
  }

  committed(group: string, partition: number, options?: CallOptions): Promise<number> {
    return this.#counted("committed", this.#log.committed(group, partition, options));
  }

  read(partition: number, fromOffset: number, options?: CallOptions): AsyncIterable<readonly LogRecord[]> {
    return this.#log.read(partition, fromOffset, options);
  }

  bounds(partition: number, options?: CallOptions): Promise<{ readonly first: number; readonly end: number }> {
    return this.#counted("bounds", this.#log.bounds(partition, options));
  }

  ready(options?: CallOptions): Promise<void> {
    return this.#log.ready(options);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #observe(group: string, { lost }: OwnedPartition, handler: PartitionHandler): PartitionHandler {
    const attributes = { "messaging.consumer.group.name": group };
    const { records: recordCount, bytes: byteCount, moves } = this.#consumed;
    const moved = (change: "gained" | "given_up" | "lost") =>
      moves.add(1, { ...attributes, "millrace.change": change });
    let isOurs = true;
    const gone = (change: "given_up" | "lost") => {
      if (isOurs) moved(change);
      isOurs = false;
    };
    moved("gained");
    if (lost.aborted) gone("lost");
    else lost.addEventListener("abort", () => gone("lost"), { once: true });
    return {
      records: (records) => {
        recordCount.add(records.length, attributes);
        let bytes = 0;
        for (const record of records) bytes += record.value.length;
        byteCount.add(bytes, attributes);
        return handler.records(records);
      },
      idle: (timeMs) => handler.idle(timeMs),
      revoking: () => handler.revoking?.(),
      revoke: async () => {
        await handler.revoke();
        gone("given_up");
      },
    };
  }

  async #counted<T>(operation: Operation, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      this.#instruments.failed(operation, error);
      throw error;
    }
  }
}

type Operation = "append" | "join" | "committed" | "bounds" | "consume";

type AppendInstruments = ReturnType<typeof appendInstruments>;

function appendInstruments(meter: Meter, { partitions }: EventAppender) {
  observeOne(meter, "millrace.event_log.partitions", (tell) => tell(partitions, {}));
  const errors = counter(meter, "millrace.event_log.errors");
  return {
    duration: histogram(meter, "millrace.event_log.append.duration"),
    records: counter(meter, "millrace.event_log.append.records"),
    bytes: counter(meter, "millrace.event_log.append.io"),
    failed(operation: Operation, error: unknown) {
      errors.add(1, { "millrace.operation": operation, "error.type": kindOf(error) });
    },
  };
}

function consumeInstruments(meter: Meter) {
  return {
    records: counter(meter, "millrace.event_log.consume.records"),
    bytes: counter(meter, "millrace.event_log.consume.io"),
    moves: counter(meter, "millrace.event_log.partition.moves"),
  };
}

function kindOf(error: unknown) {
  return error instanceof Failure ? error.kind : "internal";
}
