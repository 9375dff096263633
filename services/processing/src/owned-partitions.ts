import { TIERS, type Tier } from "@millrace/rollup";
import type { Meter } from "@opentelemetry/api";
import type { MemoryBudget } from "./blocks/memory-budget.ts";
import type { Partition } from "./partition.ts";

/** The partitions that this processor owns, by number. */
export class OwnedPartitions extends Map<number, Partition> {
  readonly #clock: { now(): number };

  constructor(clock: { now(): number }) {
    super();
    this.#clock = clock;
  }

  /** Adds a partition, until it is lost. */
  own(number: number, partition: Partition, lost: AbortSignal): void {
    this.set(number, partition);
    const forget = () => {
      if (this.get(number) === partition) this.delete(number);
    };
    lost.addEventListener("abort", forget, { once: true });
  }

  /**
   * Up to when every partition has folded and stored a tier, in epoch milliseconds; 0 while one has not folded anything
   * yet: it may be far behind.
   */
  watermarkMs(tier: Tier): number {
    return Math.min(this.#clock.now(), ...[...this.values()].map((partition) => partition.watermark(tier).timeMs));
  }
}

/** Measures partitions and the memory of their blocks. */
export function observePartitions(meter: Meter, partitions: OwnedPartitions, budget: MemoryBudget): void {
  const lag = meter.createObservableGauge("millrace_processing_lag_records", {
    description: "Records of the partition that are not folded yet.",
  });
  const behind = meter.createObservableGauge("millrace_processing_uncommitted_records", {
    description: "Records that are folded and not committed yet; a restart folds them again.",
  });
  const watermark = meter.createObservableGauge("millrace_processing_watermark_seconds", {
    description: "The moment up to which everything appended is durable, by partition and tier.",
  });
  const memory = meter.createObservableGauge("millrace_processing_block_bytes", {
    description: "Memory held by blocks, roughly.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const [partition, state] of partitions) {
        result.observe(lag, state.endOffset - state.nextOffset, { partition });
        result.observe(behind, state.nextOffset - state.committedOffset, { partition });
        for (const tier of TIERS) result.observe(watermark, state.watermark(tier).timeMs / 1000, { partition, tier });
      }
      result.observe(memory, budget.usedBytes);
    },
    [lag, behind, watermark, memory],
  );
}
