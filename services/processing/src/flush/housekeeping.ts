import { type CellStore, watermarkState } from "@millrace/cell-store";
import type { OwnedPartition } from "@millrace/event-log";
import type { Tier } from "@millrace/rollup";
import type { BlockTable } from "../blocks/block-table.ts";
import { checkpointState } from "./checkpoint.ts";
import type { DurableTo, TierProgress } from "./tier-progress.ts";

/** Watermarks of partitions where nothing happens are written this often. */
const IDLE_WATERMARK_MS = 2_000;

/** The offset is committed this often at most; what is not is folded again after a crash. */
const COMMIT_EVERY_MS = 1_000;

/** What housekeeping needs. */
export type HousekeepingDeps = {
  readonly source: string;
  readonly owned: OwnedPartition;
  readonly store: CellStore;
  readonly table: BlockTable;
  /** Aborted when the partition is not ours any more: nothing is written or committed then. */
  readonly stopped: AbortSignal;
  readonly log: { warn(fields: object, message: string): void };
};

/** Writes a partition's watermarks, and commits its offset behind them (P1). One at a time. */
export class Housekeeping {
  readonly #deps: HousekeepingDeps;
  readonly #tiers: readonly TierProgress[];
  #committed: number;
  #watermarksMs = Number.NEGATIVE_INFINITY;
  /** Those of coarse tiers stand between their flushes: all partitions' are in one place of the store, so none is written again. */
  readonly #written = new Map<Tier, DurableTo>();
  #commitMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  /** @param tiers all of them: an offset is committed when it is durable in each */
  constructor(tiers: readonly TierProgress[], deps: HousekeepingDeps) {
    this.#tiers = tiers;
    this.#deps = deps;
    this.#committed = deps.owned.startOffset;
  }

  get committedOffset(): number {
    return this.#committed;
  }

  /** To be called while nothing happens: watermarks go on. */
  idle(): void {
    if (performance.now() - this.#watermarksMs >= IDLE_WATERMARK_MS) void this.keep();
  }

  /**
   * Writes the watermarks that have moved, and commits when it is time, or `now`. Never rejects: nothing is lost by what
   * fails.
   */
  keep(now = false): Promise<void> {
    this.#running = this.#running.then(() => this.#keep(now));
    this.#running = this.#running.catch((error: unknown) => this.#failed(error));
    return this.#running;
  }

  async #keep(now: boolean): Promise<void> {
    const { source, store, stopped } = this.#deps;
    if (stopped.aborted) return;
    this.#watermarksMs = performance.now();
    const marks = this.#tiers.map(({ tier, watermark }) => ({ source, tier, ...watermark }));
    const moved = marks.filter((mark) => mark.timeMs > 0 && !isSame(mark, this.#written.get(mark.tier)));
    if (moved.length > 0) {
      await store.writeStates(moved.map(watermarkState), { signal: stopped });
      for (const mark of moved) this.#written.set(mark.tier, mark);
    }
    if (now || performance.now() - this.#commitMs >= COMMIT_EVERY_MS) await this.#commit();
  }

  /** P1: the commit trails the slowest tier. */
  async #commit(): Promise<void> {
    const { source, owned, store, table, stopped } = this.#deps;
    const offset = Math.min(...this.#tiers.map(({ watermark }) => watermark.offset));
    if (offset <= this.#committed) return;
    this.#commitMs = performance.now();
    const checkpoint = checkpointState(source, table.highestBuckets(), offset);
    await store.writeStates([checkpoint], { signal: stopped });
    await owned.commit(offset, { signal: stopped });
    this.#committed = offset;
  }

  #failed(error: unknown): void {
    // The next flush, or idle moment, tries again, and a lost partition is another's by now.
    if (this.#deps.stopped.aborted) return;
    const { log, owned } = this.#deps;
    log.warn({ err: error, partition: owned.partition }, "could not write watermarks or commit");
  }
}

function isSame(mark: DurableTo, other: DurableTo | undefined): boolean {
  return mark.offset === other?.offset && mark.timeMs === other.timeMs;
}
