import { Failure } from "@millrace/failure";
import type { Tier } from "@millrace/rollup";
import { failSpan, startShared, within } from "@millrace/telemetry";
import { type SpanContext, type Tracer, trace } from "@opentelemetry/api";
import type { Flushed } from "./tier-flush.ts";

/** Of so many traces it is told what flushes them. */
const CAUSES_MAX = 64;

/** The spans of a tier's flushes: one is done for all the traces that folded into it since the last one. */
export class FlushSpans {
  readonly #tracer: Tracer | undefined;
  readonly #attributes: { readonly "millrace.partition": number; readonly "millrace.tier": Tier };
  readonly #causes: SpanContext[] = [];

  /** @param tracer where spans go; the process's own unless given */
  constructor(partition: number, tier: Tier, tracer?: Tracer) {
    this.#tracer = tracer;
    this.#attributes = { "millrace.partition": partition, "millrace.tier": tier };
  }

  /** Has the next flush told in these traces too. */
  add(causes: readonly SpanContext[]): void {
    this.#causes.push(...causes.slice(0, CAUSES_MAX - this.#causes.length));
  }

  /** Flushes within a span of all the causes so far. */
  async during(flush: () => Promise<Flushed>): Promise<Flushed> {
    const tracer = this.#tracer ?? trace.getTracer("millrace");
    const causes = this.#causes.splice(0);
    const span = startShared(tracer, "processing flush", causes, { attributes: this.#attributes });
    try {
      const flushed = await within(span, flush);
      span?.setAttributes({ "millrace.blocks": flushed.blocks, "millrace.bytes": flushed.bytes });
      return flushed;
    } catch (error) {
      if (span !== undefined) failSpan(span, error instanceof Failure ? error.kind : "internal");
      throw error;
    } finally {
      span?.end();
    }
  }
}
