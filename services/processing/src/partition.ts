import type { CellStore } from "@millrace/cell-store";
import type { LogRecord, OwnedPartition, PartitionHandler } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { TIERS, type Tier } from "@millrace/rollup";
import { BlockTable, type HighestBuckets } from "./blocks/block-table.ts";
import type { MemoryBudget } from "./blocks/memory-budget.ts";
import { Housekeeping } from "./flush/housekeeping.ts";
import { TierFlusher } from "./flush/tier-flusher.ts";
import { type DurableTo, TierProgress } from "./flush/tier-progress.ts";
import { FoldPosition } from "./fold/fold-position.ts";
import { type Folded, RecordFolder, type RecordFolderDeps } from "./fold/record-folder.ts";
import type { LivePublisher } from "./live/live-publisher.ts";
import type { ProcessingMetrics } from "./metrics.ts";
import type { Retention } from "./retention/retention.ts";
import { InFlight } from "./status/in-flight.ts";

/** What a partition needs. */
export type PartitionDeps = Omit<RecordFolderDeps, "stalled" | "partition"> & {
  readonly owned: OwnedPartition;
  readonly store: CellStore;
  readonly live: LivePublisher;
  readonly budget: MemoryBudget;
  readonly retention: Retention;
  readonly storedBefore: HighestBuckets;
  /** Scales the intervals of the coarse tiers' flushes; 1 for the usual. */
  readonly flushIntervalScale: number;
  /** For how long a drain waits for backends that are away; what is not stored by then the next owner folds again. */
  readonly drainMs: number;
  readonly metrics: ProcessingMetrics;
  /** Told when the partition can't go on. */
  readonly onFailure: (error: unknown, partition: number) => void;
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
};

/** How much the last batch counts for the mean number of events in a record. */
const EVENTS_WEIGHT = 0.2;

/**
 * The fold of one partition: fold → store → commit. Invariants, of the architecture's section 6:
 *
 * - P1 an offset is committed only after every block it touched is stored (Housekeeping, TierProgress.watermark).
 * - P2 redelivery never changes a block (BlockEntry.add).
 * - P3 the fold reads only the record, the block and what the record names (RecordFolder).
 * - P4 one poison event never stops the partition: dead letters are durable before the offset moves on (RecordFolder).
 * - P5 memory and work per batch are bounded ({@link Partition.records}).
 * - P6 an id counts at the position that claimed it (RecordFolder).
 */
export class Partition implements PartitionHandler {
  readonly number: number;
  readonly source: string;
  readonly inFlight = new InFlight();
  /** Why it stands still, for people; "" when it does not. */
  stalledBecause = "";
  readonly #deps: PartitionDeps;
  readonly #folder: RecordFolder;
  readonly #table: BlockTable;
  readonly #position: FoldPosition;
  readonly #tiers: Record<Tier, TierProgress>;
  readonly #flushers: readonly TierFlusher[];
  readonly #housekeeping: Housekeeping;
  readonly #stopped = new AbortController();
  readonly #draining = new AbortController();
  /** Ends the waiting of the fold: for a drain, or because the partition is not ours any more. */
  readonly #foldSignal = AbortSignal.any([this.#stopped.signal, this.#draining.signal]);
  readonly #assignedMs: number;
  /** The mean number of events in the records folded lately. */
  #eventsPerRecord = 1;

  constructor(deps: PartitionDeps) {
    this.#deps = deps;
    const { owned, generation, storedBefore, budget, flushIntervalScale } = deps;
    const partition = owned.partition;
    const source = `${generation}:${partition}`;
    const stopped = this.#stopped.signal;
    const stalled = (problem: unknown) => this.#stalled(problem);
    const failed = (error: unknown) => this.#failed(error);
    this.number = partition;
    this.source = source;
    this.#assignedMs = deps.clock.now();
    this.#folder = new RecordFolder({ ...deps, partition, stalled });
    const table = new BlockTable(source, storedBefore, budget);
    const position = new FoldPosition(owned.startOffset);
    this.#table = table;
    this.#position = position;
    const progress = (tier: Tier) => new TierProgress(tier, { position, table, stopped }, flushIntervalScale);
    this.#tiers = { "1m": progress("1m"), "15m": progress("15m"), "1h": progress("1h"), "1d": progress("1d") };
    const tiers = TIERS.map((tier) => this.#tiers[tier]);
    const housekeeping = new Housekeeping(tiers, { ...deps, source, table, stopped });
    this.#housekeeping = housekeeping;
    const flushing = { ...deps, partition, table, housekeeping, stopped, stalled, failed };
    const inFlight = (tier: Tier) => (tier === "1m" ? this.inFlight : undefined);
    this.#flushers = tiers.map((one) => new TierFlusher(one, flushing, inFlight(one.tier)));
    owned.lost.addEventListener("abort", () => this.#abandon(owned.lost.reason), { once: true });
  }

  get nextOffset(): number {
    return this.#position.nextOffset;
  }

  get committedOffset(): number {
    return this.#housekeeping.committedOffset;
  }

  get endOffset(): number {
    return this.#deps.owned.endOffset();
  }

  /** When the last folded record was appended, in epoch milliseconds; 0 when none was. */
  get lastAppendMs(): number {
    return this.#position.lastAppendMs;
  }

  /** How far the fold is behind the partition's end, in milliseconds: the age of what was folded last; 0 at the end. */
  get lagMs(): number {
    if (this.nextOffset >= this.endOffset) return 0;
    return Math.max(0, this.#deps.clock.now() - (this.lastAppendMs || this.#assignedMs));
  }

  /** How many events a record has, going by those folded lately. */
  get eventsPerRecord(): number {
    return this.#eventsPerRecord;
  }

  /** How far a tier is durable. */
  watermark(tier: Tier): DurableTo {
    return this.#tiers[tier].watermark;
  }

  async records(records: readonly LogRecord[]): Promise<void> {
    for (let from = 0; from < records.length; ) {
      // What is not folded before a drain is the next owner's.
      if (this.#foldSignal.aborted) return;
      const rest = from === 0 ? records : records.slice(from);
      const { portionEvents } = this.#deps.budget;
      const beganMs = performance.now();
      try {
        const folded = await this.#folder.fold(rest, portionEvents, this.#foldSignal);
        from += folded.records;
        this.#measure(folded, performance.now() - beganMs);
        if (!this.#stopped.signal.aborted) await this.#take(rest.slice(0, folded.records), folded);
      } catch (error) {
        if (this.#foldSignal.aborted) return;
        this.stalledBecause = problemOf(error);
        throw error;
      }
    }
  }

  async #take(records: readonly LogRecord[], folded: Folded): Promise<void> {
    for (const part of folded.parts) {
      this.#table.add(part.projectId, part.offset, part.appendTimeMs, part.parts);
      this.inFlight.add(part.projectId, part.events);
      this.#deps.retention.note(part.projectId);
    }
    this.#position.pass(records);
    this.#table.evict();
    // P5: what waits to be stored is bounded; folding waits for it.
    if (this.#deps.budget.exhausted) await this.#flushAll();
    for (const flusher of this.#flushers) flusher.schedule();
  }

  #measure({ parts, records, received, causes }: Folded, durationMs: number): void {
    let events = 0;
    for (const part of parts) events += part.events;
    this.#deps.metrics.folded(events, durationMs / 1000);
    this.#eventsPerRecord += EVENTS_WEIGHT * (events / records - this.#eventsPerRecord);
    this.inFlight.receivedAt(received);
    for (const flusher of this.#flushers) flusher.causedBy(causes);
  }

  idle(timeMs: number): void {
    // In a drain the end is reached past records that were left to the next owner: all is not in the blocks then.
    if (this.#foldSignal.aborted) return;
    this.#position.reachedEnd(timeMs);
    this.#housekeeping.idle();
  }

  /**
   * Ends the fold's waiting for a backend that is away: a drain stores what is folded, and leaves the rest to the next
   * owner. The storing has its time too: when the store is away, all that is not committed is the next owner's.
   */
  beginDrain(): void {
    if (this.#draining.signal.aborted) return;
    const draining = new Failure("unavailable", "DRAINING", "processing is stopping");
    this.#draining.abort(draining);
    const giveUp = setTimeout(() => this.#abandon(draining), this.#deps.drainMs);
    this.#stopped.signal.addEventListener("abort", () => clearTimeout(giveUp), { once: true });
  }

  /** The partition is wanted elsewhere: what waits here, as for a version that only others know, waits there. */
  revoking(): void {
    this.beginDrain();
  }

  async revoke(): Promise<void> {
    this.beginDrain();
    try {
      await this.#flushAll();
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
      this.#deps.log.warn({ err: error, partition: this.number }, "stopped before all was stored; it is folded again");
    }
    await this.#housekeeping.keep(true);
    this.#abandon(undefined);
  }

  async #flushAll(): Promise<void> {
    await Promise.all(this.#flushers.map((flusher) => flusher.flush()));
  }

  #stalled(problem: unknown): void {
    this.stalledBecause = problem === undefined ? "" : problemOf(problem);
    if (problem !== undefined) this.#deps.log.warn({ err: problem, partition: this.number }, "the partition waits");
  }

  #failed(error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#stalled(error);
    this.#deps.log.error({ err: error, partition: this.number }, "a flush failed");
    this.#deps.onFailure(error, this.number);
  }

  #abandon(reason: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    for (const flusher of this.#flushers) flusher.cancel();
    this.#table.clear();
  }
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
