import type { CellStore } from "@millrace/cell-store";
import { watermarkState } from "@millrace/cell-store";
import type { LogRecord, OwnedPartition, PartitionHandler } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { TIERS, type Tier } from "@millrace/rollup";
import { failSpan, startShared, within } from "@millrace/telemetry";
import { type SpanContext, trace } from "@opentelemetry/api";
import { BlockTable, type HighestBuckets } from "./blocks/block-table.ts";
import type { MemoryBudget } from "./blocks/memory-budget.ts";
import { checkpointState } from "./flush/checkpoint.ts";
import { type Flushed, flushTier } from "./flush/tier-flush.ts";
import { TierProgress } from "./flush/tier-progress.ts";
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

/** Watermarks of partitions where nothing happens are written this often. */
const IDLE_WATERMARK_MS = 2_000;

/** Of so many records it is measured when they become visible, and of so many traces told what flushes them. */
const RECEIVED_MAX = 4_096;
const CAUSES_MAX = 64;

/** How much the last batch counts for the mean number of events in a record. */
const EVENTS_WEIGHT = 0.2;

/** The offset is committed this often at most; what is not is folded again after a crash. */
const COMMIT_EVERY_MS = 1_000;

/**
 * The fold of one partition: fold → store → commit. Invariants, of the architecture's section 6:
 *
 * - P1 an offset is committed only after every block it touched is stored ({@link Partition.#commit}).
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
  readonly #tiers: Record<Tier, TierProgress>;
  readonly #timers = new Map<Tier, NodeJS.Timeout>();
  readonly #running = new Map<Tier, Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #draining = new AbortController();
  /** Ends the waiting of the fold: for a drain, or because the partition is not ours any more. */
  readonly #foldSignal = AbortSignal.any([this.#stopped.signal, this.#draining.signal]);
  #nextOffset: number;
  #committed: number;
  #lastAppendMs = 0;
  /** The mean number of events in the records folded lately. */
  #eventsPerRecord = 1;
  /** When ingest took what waits to become visible, record by record. */
  #received: number[] = [];
  readonly #assignedMs: number;
  readonly #flushCauses: Record<Tier, SpanContext[]> = { "1m": [], "15m": [], "1h": [], "1d": [] };
  #idleMs = 0;
  #watermarksMs = Number.NEGATIVE_INFINITY;
  /** Those of coarse tiers stand between their flushes: all partitions' are in one place of the store, so none is written again. */
  readonly #marksWritten = new Map<Tier, Mark>();
  #commitMs = Number.NEGATIVE_INFINITY;
  #housekeeping: Promise<void> = Promise.resolve();

  constructor(deps: PartitionDeps) {
    this.#deps = deps;
    this.number = deps.owned.partition;
    this.source = `${deps.generation}:${this.number}`;
    const stalled = (problem: unknown) => this.#stalled(problem);
    this.#folder = new RecordFolder({ ...deps, partition: this.number, stalled });
    this.#table = new BlockTable(this.source, deps.storedBefore, deps.budget);
    this.#nextOffset = deps.owned.startOffset;
    this.#committed = deps.owned.startOffset;
    this.#assignedMs = deps.clock.now();
    const progress = (tier: Tier) => new TierProgress(tier, this.#nextOffset, deps.flushIntervalScale);
    this.#tiers = { "1m": progress("1m"), "15m": progress("15m"), "1h": progress("1h"), "1d": progress("1d") };
    deps.owned.lost.addEventListener("abort", () => this.#abandon(deps.owned.lost.reason), { once: true });
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  get committedOffset(): number {
    return this.#committed;
  }

  get endOffset(): number {
    return this.#deps.owned.endOffset();
  }

  /** When the last folded record was appended, in epoch milliseconds; 0 when none was. */
  get lastAppendMs(): number {
    return this.#lastAppendMs;
  }

  /** How far the fold is behind the partition's end, in milliseconds: the age of what was folded last; 0 at the end. */
  get lagMs(): number {
    if (this.#nextOffset >= this.endOffset) return 0;
    return Math.max(0, this.#deps.clock.now() - (this.#lastAppendMs || this.#assignedMs));
  }

  /** How many events a record has, going by those folded lately. */
  get eventsPerRecord(): number {
    return this.#eventsPerRecord;
  }

  /** How far a tier is durable: to where the fold is when nothing of it waits to be stored. */
  watermark(tier: Tier): { readonly offset: number; readonly timeMs: number } {
    const progress = this.#tiers[tier];
    if (progress.flushing || this.#table.dirtyCount(tier) > 0 || this.#stopped.signal.aborted) {
      return { offset: progress.durableOffset, timeMs: progress.durableTimeMs };
    }
    return { offset: this.#nextOffset, timeMs: Math.max(this.#lastAppendMs, this.#idleMs) };
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
    this.#nextOffset = records.at(-1)!.offset + 1;
    for (const record of records) this.#lastAppendMs = Math.max(this.#lastAppendMs, record.appendTimeMs);
    this.#table.evict();
    // P5: what waits to be stored is bounded; folding waits for it.
    if (this.#deps.budget.exhausted) await this.#flushAll();
    for (const tier of TIERS) this.#schedule(tier);
  }

  #measure({ parts, records, received, causes }: Folded, durationMs: number): void {
    let events = 0;
    for (const part of parts) events += part.events;
    this.#deps.metrics.folded(events, durationMs / 1000);
    this.#eventsPerRecord += EVENTS_WEIGHT * (events / records - this.#eventsPerRecord);
    const room = RECEIVED_MAX - this.#received.length;
    this.#received.push(...received.slice(0, room));
    for (const tier of causes.length === 0 ? [] : TIERS) {
      const known = this.#flushCauses[tier];
      known.push(...causes.slice(0, CAUSES_MAX - known.length));
    }
  }

  idle(timeMs: number): void {
    // In a drain the end is reached past records that were left to the next owner: all is not in the blocks then.
    if (this.#foldSignal.aborted) return;
    this.#idleMs = Math.max(this.#idleMs, timeMs);
    if (performance.now() - this.#watermarksMs >= IDLE_WATERMARK_MS) this.#keepHouse();
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
    await this.#keepHouse(true);
    this.#abandon(undefined);
  }

  async #flushAll(): Promise<void> {
    await Promise.all(TIERS.map((tier) => this.#flush(tier)));
  }

  #schedule(tier: Tier): void {
    const progress = this.#tiers[tier];
    if (progress.flushing || this.#timers.has(tier) || this.#table.dirtyCount(tier) === 0) return;
    if (this.#stopped.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(tier);
      this.#flush(tier).catch((error: unknown) => this.#failed(error));
    }, progress.waitMs(performance.now()));
    this.#timers.set(tier, timer);
  }

  /** Flushes a tier, after the flush that is under way. */
  #flush(tier: Tier): Promise<void> {
    const before = this.#running.get(tier) ?? Promise.resolve();
    const running = before.then(() => this.#flushNow(tier));
    this.#running.set(tier, running);
    return running;
  }

  async #flushNow(tier: Tier): Promise<void> {
    const signal = this.#stopped.signal;
    if (signal.aborted || this.#table.dirtyCount(tier) === 0) return;
    const progress = this.#tiers[tier];
    const began = performance.now();
    // What is folded from here on is not promised by this flush, though some of it may be stored by it.
    const offset = this.#nextOffset;
    const timeMs = this.#lastAppendMs;
    const received = tier === "1m" ? this.#received.splice(0) : [];
    progress.began(began);
    if (tier === "1m") this.inFlight.flushBegan();
    const stalled = (problem: unknown) => this.#stalled(problem);
    const flush = () => flushTier(tier, { ...this.#deps, table: this.#table, stalled }, signal);
    const flushed = await this.#traced(tier, flush);
    this.#deps.metrics.flushed(tier, flushed, (performance.now() - began) / 1000);
    const now = this.#deps.clock.now();
    for (const receivedAtMs of received) this.#deps.metrics.visible(receivedAtMs, now);
    if (tier === "1m") this.inFlight.flushEnded();
    progress.ended(began, performance.now(), offset, timeMs);
    this.#schedule(tier);
    await this.#keepHouse();
  }

  /** A flush is done for all the traces that folded into it since the last one. */
  async #traced(tier: Tier, flush: () => Promise<Flushed>): Promise<Flushed> {
    const { tracer = trace.getTracer("millrace") } = this.#deps;
    const causes = this.#flushCauses[tier].splice(0);
    const attributes = { "millrace.partition": this.number, "millrace.tier": tier };
    const span = startShared(tracer, "processing flush", causes, { attributes });
    try {
      const flushed = await within(span, flush);
      span?.setAttributes({ "millrace.blocks": flushed.blocks, "millrace.bytes": flushed.bytes });
      return flushed;
    } catch (error) {
      if (span !== undefined) failSpan(span, error instanceof Failure ? error.kind : "internal");
      throw error;
    } finally {
      span?.end();
    }
  }

  /** Writes watermarks, and commits when it is time. One at a time. */
  #keepHouse(now = false): Promise<void> {
    this.#housekeeping = this.#housekeeping.then(async () => {
      if (this.#stopped.signal.aborted) return;
      this.#watermarksMs = performance.now();
      const marks = TIERS.map((tier) => ({ source: this.source, tier, ...this.watermark(tier) }));
      const moved = marks.filter((mark) => mark.timeMs > 0 && !isSame(mark, this.#marksWritten.get(mark.tier)));
      if (moved.length > 0) {
        await this.#deps.store.writeStates(moved.map(watermarkState), { signal: this.#stopped.signal });
        for (const mark of moved) this.#marksWritten.set(mark.tier, mark);
      }
      if (now || performance.now() - this.#commitMs >= COMMIT_EVERY_MS) await this.#commit();
    });
    this.#housekeeping = this.#housekeeping.catch((error: unknown) => this.#housekeepingFailed(error));
    return this.#housekeeping;
  }

  /** P1: the commit trails the slowest tier. */
  async #commit(): Promise<void> {
    const offset = Math.min(...TIERS.map((tier) => this.watermark(tier).offset));
    if (offset <= this.#committed) return;
    this.#commitMs = performance.now();
    const checkpoint = checkpointState(this.source, this.#table.highestBuckets(), offset);
    await this.#deps.store.writeStates([checkpoint], { signal: this.#stopped.signal });
    await this.#deps.owned.commit(offset, { signal: this.#stopped.signal });
    this.#committed = offset;
  }

  #stalled(problem: unknown): void {
    this.stalledBecause = problem === undefined ? "" : problemOf(problem);
    if (problem !== undefined) this.#deps.log.warn({ err: problem, partition: this.number }, "the partition waits");
  }

  #housekeepingFailed(error: unknown): void {
    // Nothing is lost by it: the next flush, or idle moment, tries again, and a lost partition is another's by now.
    if (!this.#stopped.signal.aborted) {
      this.#deps.log.warn({ err: error, partition: this.number }, "could not write watermarks or commit");
    }
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
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#table.clear();
  }
}

type Mark = { readonly offset: number; readonly timeMs: number };

function isSame(mark: Mark, other: Mark | undefined): boolean {
  return mark.offset === other?.offset && mark.timeMs === other.timeMs;
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
