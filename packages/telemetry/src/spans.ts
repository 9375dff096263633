import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** Whether work in a context belongs to a trace that is recorded. Where there is no tracing, it never does. */
export function isTraced(within: Context = context.active()): boolean {
  return recorded(trace.getSpanContext(within)) !== undefined;
}

/** A span's context, where it is recorded. */
export function causeOf(span: Span): SpanContext | undefined {
  return recorded(span.spanContext());
}

/** The recorded span that what is done now belongs to, if any. */
export function activeCause(): SpanContext | undefined {
  return recorded(trace.getSpanContext(context.active()));
}

/**
 * Does work in a span of its own, where it belongs to a trace; else just does it. So work of the background makes no traces,
 * and where tracing is off a call costs a look.
 *
 * @param describe says what a failure is called, and nothing of what it was about
 */
export async function inSpan<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions & { readonly describe?: (error: unknown) => string },
  work: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const within = context.active();
  if (!isTraced(within)) return work(undefined);
  const { describe, ...spanOptions } = options;
  const span = tracer.startSpan(name, spanOptions, within);
  try {
    return await context.with(trace.setSpan(within, span), work, undefined, span);
  } catch (error) {
    failSpan(span, describe?.(error) ?? "internal");
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Does work in a trace of its own, linked to the span that it is done for: for one of many steps of what may go on for hours.
 * Whether it is recorded is decided for it alone.
 */
export async function inOwnTrace<T>(tracer: Tracer, name: string, work: () => Promise<T>): Promise<T> {
  const cause = activeCause();
  const span = tracer.startSpan(name, { root: true, links: cause === undefined ? [] : [{ context: cause }] });
  try {
    return await context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  } catch (error) {
    failSpan(span, "internal");
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed: by the kind of failure alone, since messages may repeat what callers say. */
export function failSpan(span: Span, kind: string): void {
  span.setAttribute("error.type", kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
}

/** A span's context as W3C's `traceparent`; undefined where it is not recorded. */
export function traceparentOf(spanContext: SpanContext | undefined): string | undefined {
  const { traceId, spanId, traceFlags } = recorded(spanContext) ?? {};
  if (traceId === undefined || traceFlags === undefined) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/** The span that a `traceparent` names; undefined for none, for one that is not recorded, and for anything else. */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || traceparent.length > 512) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return recorded({ traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true });
}

/** More than so many traces that something was done for are not named by it. */
const LINKS_MAX = 32;

/**
 * Starts a span for something that is done for several traces at once: it belongs to the first one, and is linked to the others
 * (32 at most). Undefined where there is none.
 *
 * @param within what is in the context beside the span; nothing unless given
 */
export function startShared(
  tracer: Tracer,
  name: string,
  causes: readonly SpanContext[],
  options: Pick<SpanOptions, "kind" | "attributes">,
): Span | undefined {
  const [parent, ...others] = causes;
  if (parent === undefined) return undefined;
  const links = others.slice(0, LINKS_MAX).map((each) => ({ context: each }));
  const attributes = { ...options.attributes, ...(others.length > 0 && { "millrace.traces": causes.length }) };
  return tracer.startSpan(name, { ...options, attributes, links }, trace.setSpanContext(ROOT_CONTEXT, parent));
}

/** Does work as part of a span; with none, as part of no trace, whatever it was called from. */
export function within<T>(span: Span | undefined, work: () => T): T {
  return context.with(span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span), work);
}

function recorded(spanContext: SpanContext | undefined): SpanContext | undefined {
  if (spanContext === undefined || (spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}
