import type { IncomingHttpHeaders } from "node:http";
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Call } from "../server/call.ts";

/**
 * Callers say by their headers whether their call is to be recorded, and anybody may be a caller. So many calls a second are
 * recorded on their word; the others are as if they had said no.
 */
const ON_THEIR_WORD_PER_SECOND = 100;

/** Asked again and again by balancers and probes: nobody wants to look at these. */
const NEVER_RECORDED = /^\/grpc\.health\./;

/** Starts the span of a call that has just arrived, in the caller's trace where it names one. */
export type StartCallSpan = (request: { readonly headers: IncomingHttpHeaders }, call: Call) => Span;

/** The spans of a server's calls. */
export function createCallSpans(tracer: Tracer, perSecond: number = ON_THEIR_WORD_PER_SECOND): StartCallSpan {
  const takes = allowance(perSecond);
  const parentOf = (headers: IncomingHttpHeaders, nowMs: number): Context => {
    const parent = propagation.extract(ROOT_CONTEXT, headers);
    const named = trace.getSpanContext(parent);
    if (named === undefined || (named.traceFlags & TraceFlags.SAMPLED) === 0 || takes(nowMs)) return parent;
    return trace.setSpanContext(ROOT_CONTEXT, { ...named, traceFlags: TraceFlags.NONE });
  };
  return ({ headers }, { path, protocol, id, startedMs }) => {
    if (NEVER_RECORDED.test(path)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const attributes = { "rpc.system.name": protocol, "url.path": path, "millrace.request_id": id };
    return tracer.startSpan(path, { kind: SpanKind.SERVER, attributes }, parentOf(headers, startedMs));
  };
}

/** Takes so many a second, and as many at once; of a clock that never steps back. */
function allowance(perSecond: number): (nowMs: number) => boolean {
  let left = perSecond;
  let atMs = 0;
  return (nowMs) => {
    left = Math.min(perSecond, left + ((nowMs - atMs) / 1000) * perSecond);
    atMs = nowMs;
    if (left < 1) return false;
    left--;
    return true;
  };
}
