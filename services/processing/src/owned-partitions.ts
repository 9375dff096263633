import { TIERS, type Tier } from "@millrace/rollup";
import { observe } from "@millrace/telemetry";
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

const NAMES = [
  "millrace.processing.partitions",
  "millrace.processing.lag.records",
  "millrace.processing.lag.events",
  "millrace.processing.lag.time",
  "millrace.processing.offset.committed",
  "millrace.processing.offset.next",
  "millrace.processing.offset.end",
  "millrace.processing.uncommitted",
  "millrace.processing.stalled",
  "millrace.processing.watermark",
  "millrace.processing.cell.count",
  "millrace.processing.block.count",
  "millrace.processing.block.memory.usage",
  "millrace.processing.block.memory.limit",
] as const;

/** Measures partitions and the memory of their blocks. */
export function observePartitions(meter: Meter, partitions: OwnedPartitions, budget: MemoryBudget): void {
  observe(meter, NAMES, (tell) => {
    tell["millrace.processing.partitions"](partitions.size, {});
    for (const [number, partition] of partitions) {
      const at = { "millrace.partition": number };
      const lag = partition.endOffset - partition.nextOffset;
      tell["millrace.processing.lag.records"](lag, at);
      tell["millrace.processing.lag.events"](Math.round(lag * partition.eventsPerRecord), at);
      tell["millrace.processing.lag.time"](partition.lagMs / 1000, at);
      tell["millrace.processing.offset.committed"](partition.committedOffset, at);
      tell["millrace.processing.offset.next"](partition.nextOffset, at);
      tell["millrace.processing.offset.end"](partition.endOffset, at);
      tell["millrace.processing.uncommitted"](partition.nextOffset - partition.committedOffset, at);
      tell["millrace.processing.stalled"](partition.stalledBecause === "" ? 0 : 1, at);
      for (const tier of TIERS) {
        const { timeMs } = partition.watermark(tier);
        if (timeMs > 0) tell["millrace.processing.watermark"](timeMs / 1000, { ...at, "millrace.tier": tier });
      }
    }
    tell["millrace.processing.cell.count"](budget.cellCount, {});
    tell["millrace.processing.block.count"](budget.blockCount, {});
    tell["millrace.processing.block.memory.usage"](budget.usedBytes, {});
    tell["millrace.processing.block.memory.limit"](budget.limitBytes, {});
  });
}
