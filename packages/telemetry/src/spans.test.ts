import { context, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { inSpan, isTraced, spanContextOf, startShared, traceparentOf } from "./spans.ts";

const SPAN: SpanContext = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true };

describe("a traceparent", () => {
  it("gives the span that it was made of", () => {
    const text = traceparentOf(SPAN);
    expect(text).toBe(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`);
    expect(spanContextOf(text)).toEqual(SPAN);
  });

  it("is not made of what is not recorded", () => {
    expect(traceparentOf({ ...SPAN, traceFlags: 0 })).toBeUndefined();
    expect(traceparentOf({ ...SPAN, traceId: "0".repeat(32) })).toBeUndefined();
    expect(traceparentOf(undefined)).toBeUndefined();
  });

  it.each([
    "",
    "00",
    `00-${"a".repeat(32)}-${"b".repeat(16)}-00`,
    `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
    `ff-${"a".repeat(32)}-${"b".repeat(16)}-01`,
    `00-${"G".repeat(32)}-${"b".repeat(16)}-01`,
    `00-${"a".repeat(32)}-${"b".repeat(16)}-01${"-x".repeat(1_000)}`,
  ])("that is %j gives nothing", (text) => {
    expect(spanContextOf(text)).toBeUndefined();
  });
});

describe("work outside of any trace", () => {
  it("is done without a span", async () => {
    const tracer = trace.getTracer("test");
    expect(isTraced()).toBe(false);
    await expect(inSpan(tracer, "work", {}, async (span) => span ?? "no span")).resolves.toBe("no span");
    expect(startShared(tracer, "work", [], {})).toBeUndefined();
  });

  it("is told apart by whether the trace is recorded", () => {
    const within = (traceFlags: number) => trace.setSpanContext(ROOT_CONTEXT, { ...SPAN, traceFlags });
    expect([isTraced(within(1)), isTraced(within(0)), isTraced(context.active())]).toEqual([true, false, false]);
  });
});
