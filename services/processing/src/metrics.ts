import type { Tier } from "@millrace/rollup";
import { counter, histogram } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";

/** What is measured of partitions' work. */
export type ProcessingMetrics = {
  /** A batch of records was decoded, claimed and folded. */
  readonly folded: (events: number, seconds: number) => void;
  /** A flush has stored all its blocks. */
  readonly flushed: (tier: Tier, flush: { readonly blocks: number; readonly bytes: number }, seconds: number) => void;
  /** What ingest took at that moment can be asked for now; both in epoch milliseconds. */
  readonly visible: (receivedAtMs: number, nowMs: number) => void;
};

/** Makes the metrics of partitions' work. */
export function createMetrics(meter: Meter): ProcessingMetrics {
  const foldDuration = histogram(meter, "millrace.processing.fold.duration");
  const foldEvents = histogram(meter, "millrace.processing.fold.events");
  const flushDuration = histogram(meter, "millrace.processing.flush.duration");
  const flushBlocks = histogram(meter, "millrace.processing.flush.blocks");
  const flushSize = histogram(meter, "millrace.processing.flush.size");
  const eventToVisible = histogram(meter, "millrace.processing.event_to_visible");
  return {
    folded(events, seconds) {
      foldDuration.record(seconds, {});
      foldEvents.record(events, {});
    },
    flushed(tier, { blocks, bytes }, seconds) {
      const attributes = { "millrace.tier": tier };
      flushDuration.record(seconds, attributes);
      flushBlocks.record(blocks, attributes);
      flushSize.record(bytes, attributes);
    },
    // The clocks of two machines may differ by more than it takes.
    visible: (receivedAtMs, nowMs) => eventToVisible.record(Math.max(0, nowMs - receivedAtMs) / 1000, {}),
  };
}

/** The same dead letters, counted by reason once they are kept. */
export function countedLetters(letters: DeadLetters, meter: Meter): DeadLetters {
  const kept = counter(meter, "millrace.processing.dead_letter.kept");
  return {
    async put(some, signal) {
      await letters.put(some, signal);
      // Letters of this release always say why.
      for (const { reason } of some) if (reason !== "") kept.add(1, { "error.type": reason });
    },
  };
}
