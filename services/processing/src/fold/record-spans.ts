import type { LogRecord } from "@millrace/event-log";
import { causeOf, spanContextOf, within } from "@millrace/telemetry";
import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** Of a batch no more records than this are told of in their traces. */
const SPANS_MAX = 64;

/** The folding of those records of a batch that came with a trace: a span for each, in its own trace. */
export class RecordSpans {
  readonly #spans: readonly Span[];

  /** @param startMs when the batch began, in epoch milliseconds */
  constructor(tracer: Tracer, partition: number, records: readonly LogRecord[], startMs: number) {
    const spans: Span[] = [];
    for (const { offset, traceparent, value } of records) {
      const parent = spanContextOf(traceparent);
      if (parent === undefined || spans.length === SPANS_MAX) continue;
      const attributes = {
        "millrace.partition": partition,
        "millrace.offset": offset,
        "messaging.message.body.size": value.length,
        "messaging.batch.message_count": records.length,
      };
      const options = { kind: SpanKind.CONSUMER, attributes, startTime: startMs };
      spans.push(tracer.startSpan("processing fold", options, trace.setSpanContext(ROOT_CONTEXT, parent)));
    }
    this.#spans = spans;
  }

  /** What the flush of these records is done for. */
  get causes(): readonly SpanContext[] {
    return this.#spans.flatMap((span) => causeOf(span) ?? []);
  }

  /** Does what is done once for all of them, as part of the first one's trace; then they end. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#spans[0], work);
    } catch (error) {
      for (const span of this.#spans) span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      for (const span of this.#spans) span.end();
    }
  }
}
