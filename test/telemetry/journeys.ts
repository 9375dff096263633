import { randomBytes } from "node:crypto";
import { until } from "@millrace/harness/until";
import type { OtlpReceiver, ReceivedSpan } from "./otlp-receiver.ts";

/** What a caller writes to have its call recorded, and the ids in it. */
export function callersTrace() {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** What is called when it is recorded on the callers' word alone, and sent soon. */
export function recordingTo({ url }: OtlpReceiver, protocol: "http/protobuf" | "grpc") {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_METRICS_EXPORTER: "none",
    OTEL_TRACES_SAMPLER: "parentbased_always_off",
    OTEL_BSP_SCHEDULE_DELAY: "100",
  };
}

/** A step of a journey: a span's name, and the service that must have made it. */
export type Step = { readonly name: string; readonly service?: string };

/** An event's way, from the call to ingest on. Steps of processing may be for several traces at once. */
export function eventJourney(of: Readonly<Record<"ingest" | "processing", string>>, method = "Send"): Step[] {
  return [
    { name: `millrace.ingest.v1.IngestService/${method}`, service: of.ingest },
    { name: "event_log append", service: of.ingest },
    { name: "processing fold", service: of.processing },
    { name: "processing flush", service: of.processing },
    { name: "cell_store write_blocks", service: of.processing },
  ];
}

/**
 * Waits until spans were received that lead from a caller's span through all steps: each a child of the one before, or linked
 * to it where it was done for several.
 */
export function untilTravelled(
  receiver: OtlpReceiver,
  from: { traceId: string; spanId: string },
  steps: readonly Step[],
) {
  let furthest: readonly ReceivedSpan[] = [];
  return until(
    `a trace leads to ${steps.at(-1)?.name}`,
    () => {
      const found = travelled(receiver.spans, [from], steps);
      if (found.length > furthest.length) furthest = found;
      return found.length === steps.length ? found : undefined;
    },
    { withinMs: 20_000 },
  ).catch((error: Error) => {
    const seen = furthest.map(({ service, name }) => `${service}: ${name}`).join(" → ");
    const all = [...new Set(receiver.spans.map(({ service, name }) => `${service}: ${name}`))].sort().join(", ");
    throw new Error(`${error.message}; it came as far as "${seen}"; received were ${all}`, { cause: error.cause });
  });
}

/** The longest way through the steps. */
function travelled(
  spans: readonly ReceivedSpan[],
  from: readonly { readonly traceId: string; readonly spanId: string }[],
  [step, ...later]: readonly Step[],
): readonly ReceivedSpan[] {
  if (step === undefined) return [];
  let longest: readonly ReceivedSpan[] = [];
  for (const span of spans) {
    if (span.name !== step.name || (step.service !== undefined && span.service !== step.service)) continue;
    if (!from.some((each) => follows(span, each))) continue;
    const way = [span, ...travelled(spans, [span], later)];
    if (way.length > longest.length) longest = way;
  }
  return longest;
}

/** Whether a span is another's child, or linked to it. */
function follows(span: ReceivedSpan, before: { readonly traceId: string; readonly spanId: string }): boolean {
  if (span.parentSpanId === before.spanId && span.traceId === before.traceId) return true;
  return span.links.some((link) => link.spanId === before.spanId && link.traceId === before.traceId);
}

/** The spans directly under one. */
export function childrenOf({ spans }: OtlpReceiver, parent: ReceivedSpan): ReceivedSpan[] {
  return spans.filter((span) => span.traceId === parent.traceId && span.parentSpanId === parent.spanId);
}
