import { propagation, type SpanContext, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Call } from "../server/call.ts";
import { createCallSpans } from "./call-spans.ts";

const TRACED = { headers: { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" } };

beforeAll(() => void propagation.setGlobalPropagator(new W3CTraceContextPropagator()));
afterAll(() => propagation.disable());

/** A tracer that remembers the parents of the spans that it was asked for. */
function recordedTracer() {
  const parents: (SpanContext | undefined)[] = [];
  const tracer = {
    startSpan(_name, _options, parent) {
      parents.push(parent && trace.getSpanContext(parent));
      return trace.wrapSpanContext({ traceId: "", spanId: "", traceFlags: 0 });
    },
  } as Pick<Tracer, "startSpan"> as Tracer;
  return { tracer, parents };
}

function call(path: string, startedMs: number): Call {
  return { path, startedMs, protocol: "grpc", id: "1" } as Call;
}

it("believes callers who want their calls recorded only so often a second", () => {
  const { tracer, parents } = recordedTracer();
  const startSpan = createCallSpans(tracer, 3);
  const recorded = () => parents.splice(0).filter((parent) => parent?.traceFlags === TraceFlags.SAMPLED).length;
  for (let i = 0; i < 50; i++) startSpan(TRACED, call("/a.B/C", 1_000));
  expect(recorded()).toBe(3);
  for (let i = 0; i < 50; i++) startSpan(TRACED, call("/a.B/C", 2_000));
  expect(recorded()).toBe(3);
  startSpan({ headers: {} }, call("/a.B/C", 2_000));
  expect(parents).toEqual([undefined]);
});

it("keeps the trace of those whom it does not believe, so that it goes on to whom we call", () => {
  const { tracer, parents } = recordedTracer();
  createCallSpans(tracer, 0)(TRACED, call("/a.B/C", 0));
  expect(parents[0]).toMatchObject({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", traceFlags: TraceFlags.NONE });
});

it("records no health checks", () => {
  const { tracer, parents } = recordedTracer();
  createCallSpans(tracer)(TRACED, call("/grpc.health.v1.Health/Check", 0));
  expect(parents).toEqual([]);
});
