import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { Outcome } from "./outcome.ts";

/**
 * What is measured of appends to Kafka:
 *
 * - `millrace.event_log.kafka.attempts` (counter, by `outcome`): batches sent, those that were repeated counted again
 * - `millrace.event_log.kafka.producers.renewed` (counter): producers given up for another one
 * - `millrace.event_log.kafka.queued` (gauge, By): what waits to be acknowledged
 */
export function appenderInstruments(meter: Meter = createNoopMeter(), queuedBytes: () => number) {
  const name = "millrace.event_log.kafka";
  const attempts = meter.createCounter(`${name}.attempts`, { unit: "{batch}", description: "Batches sent." });
  const renewed = meter.createCounter(`${name}.producers.renewed`, {
    unit: "{producer}",
    description: "Producers given up for another one.",
  });
  const queued = meter.createObservableGauge(`${name}.queued`, {
    unit: "By",
    description: "Bytes that wait to be acknowledged.",
  });
  queued.addCallback((result) => result.observe(queuedBytes()));
  return {
    attempted: ({ kind }: Outcome) => attempts.add(1, { outcome: kind }),
    renewed: () => renewed.add(1),
  };
}
