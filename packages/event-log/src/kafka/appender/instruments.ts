import { counter, observeOne } from "@millrace/telemetry";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { Outcome } from "./outcome.ts";

const WORDS = { stored: "stored", notStored: "not_stored", unclear: "unclear" } as const;

/** What is measured of appends to a topic of Kafka: batches by what came of them, producers given up, and what waits. */
export function appenderInstruments(meter: Meter = createNoopMeter(), topic: string, queuedBytes: () => number) {
  const attributes = { "messaging.destination.name": topic };
  const attempts = counter(meter, "millrace.event_log.kafka.attempts", attributes);
  const renewals = counter(meter, "millrace.event_log.kafka.producer.renewals", attributes);
  observeOne(meter, "millrace.event_log.kafka.queue", (tell) => tell(queuedBytes(), attributes));
  return {
    attempted: ({ kind }: Outcome) => attempts.add(1, { ...attributes, "millrace.outcome": WORDS[kind] }),
    renewed: () => renewals.add(1, attributes),
  };
}
