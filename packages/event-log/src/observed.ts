import { Failure } from "@millrace/failure";
import { isSpanContextValid, type Meter, type SpanContext, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventAppender,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
  PartitionHandler,
} from "./event-log.ts";

/** Where measurements and spans go. */
export type Telemetry = { readonly meter: Meter; readonly tracer: Tracer };

/**
 * Wraps any log so that it is measured. It behaves as the log itself.
 *
 * - `millrace.event_log.append.duration` (histogram, s), `.append.records`, `.append.bytes` (counters)
 * - `millrace.event_log.consume.records`, `.consume.bytes` (counters, by `group`), counted when handed over
 * - `millrace.event_log.errors` (counter, by `operation` and the failure's `kind`)
 * - a span `event_log.append` for each append, whose context travels with the record where the log carries it
 */
export function observedEventLog(log: EventLog, telemetry: Telemetry): EventLog {
  return new ObservedEventLog(log, telemetry);
}

/** As {@link observedEventLog}, for the side that writes. */
export function observedAppender(appender: EventAppender, telemetry: Telemetry): EventAppender {
  return new ObservedAppender(appender, telemetry.tracer, instruments(telemetry.meter));
}

class ObservedAppender implements EventAppender {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes: number;
  readonly #appender: EventAppender;
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;

  constructor(appender: EventAppender, tracer: Tracer, measures: Instruments) {
    this.#appender = appender;
    this.#tracer = tracer;
    this.#instruments = measures;
    this.generation = appender.generation;
    this.partitions = appender.partitions;
    this.maxRecordBytes = appender.maxRecordBytes;
  }

  async append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult> {
    const startMs = performance.now();
    const attributes = { "millrace.partition": partition, "millrace.record.bytes": value.length };
    const span = this.#tracer.startSpan("event_log.append", { attributes });
    try {
      const result = await this.#appender.append(partition, value, { ...traceOf(span.spanContext()), ...options });
      this.#instruments.appendRecords.add(1);
      this.#instruments.appendBytes.add(value.length);
      return result;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: kindOf(error) });
      throw counted(this.#instruments, "append", error);
    } finally {
      this.#instruments.appendDuration.record((performance.now() - startMs) / 1000);
      span.end();
    }
  }
}

class ObservedEventLog implements EventLog {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes: number;
  readonly #log: EventLog;
  readonly #appender: EventAppender;
  readonly #instruments: Instruments;

  constructor(log: EventLog, { meter, tracer }: Telemetry) {
    this.#log = log;
    this.#instruments = instruments(meter);
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
      assigned: async (owned) => this.#observe(group, await handler.assigned(owned)),
      failed: (error, partition) => {
        this.#count("consume", error);
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

  #observe(group: string, handler: PartitionHandler): PartitionHandler {
    const attributes = { group };
    return {
      records: (records) => {
        this.#instruments.consumeRecords.add(records.length, attributes);
        let bytes = 0;
        for (const record of records) bytes += record.value.length;
        this.#instruments.consumeBytes.add(bytes, attributes);
        return handler.records(records);
      },
      idle: (timeMs) => handler.idle(timeMs),
      revoke: () => handler.revoke(),
    };
  }

  async #counted<T>(operation: string, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      throw this.#count(operation, error);
    }
  }

  #count(operation: string, error: unknown): unknown {
    return counted(this.#instruments, operation, error);
  }
}

function counted(measures: Instruments, operation: string, error: unknown): unknown {
  measures.errors.add(1, { operation, kind: kindOf(error) });
  return error;
}

type Instruments = ReturnType<typeof instruments>;

/** The W3C trace context of a span; nothing where there is no tracing. */
function traceOf(context: SpanContext): { readonly traceparent?: string } {
  if (!isSpanContextValid(context)) return {};
  const flags = context.traceFlags.toString(16).padStart(2, "0");
  return { traceparent: `00-${context.traceId}-${context.spanId}-${flags}` };
}

function instruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`millrace.event_log.${name}`, { unit, description });
  return {
    appendDuration: meter.createHistogram("millrace.event_log.append.duration", {
      unit: "s",
      description: "How long an append took until it was durable or failed.",
      advice: {
        explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      },
    }),
    appendRecords: counter("append.records", "{record}", "Records appended."),
    appendBytes: counter("append.bytes", "By", "Bytes of the values appended."),
    consumeRecords: counter("consume.records", "{record}", "Records handed over to handlers."),
    consumeBytes: counter("consume.bytes", "By", "Bytes of the values handed over."),
    errors: counter("errors", "{error}", "Calls that failed."),
  };
}

function kindOf(error: unknown): string {
  return error instanceof Failure ? error.kind : "internal";
}
