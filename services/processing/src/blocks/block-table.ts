import type { DeltaPart, FamilyPlan, Tier } from "@millrace/rollup";
import { tierOf } from "@millrace/rollup";
import { BlockEntry } from "./block-entry.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { WaitingCells } from "./waiting-cells.ts";

/** The live generation of a project's blocks. Reprocessing will write others beside it. */
const LIVE_GENERATION = 1;

/** Slots are below this, so that a bucket and slot make one number. */
const SLOTS_MAX = 256;

/** The highest bucket of each granularity that blocks can have been stored for. */
export type HighestBuckets = ReadonlyMap<string, number>;

/** The entries of a family's version, by granularity, by bucket and slot. */
type FamilyEntries = Map<string, Map<number, BlockEntry>>;

/**
 * The blocks of one partition's source that are in memory or have records waiting, and which of them must be stored, by
 * tier. Memory is counted against a budget that all partitions share.
 */
export class BlockTable {
  readonly #source: string;
  readonly #budget: MemoryBudget;
  /** The highest bucket of each granularity that may be stored and is not known here. */
  readonly #mayBeStored: Map<string, number>;
  readonly #families = new Map<string, FamilyEntries>();
  /** Clean blocks in memory, longest unused first. */
  readonly #clean = new Set<BlockEntry>();
  readonly #highest = new Map<string, number>();
  #isCleared = false;
  #dirty: Record<Tier, Set<BlockEntry>> = { "1m": new Set(), "15m": new Set(), "1h": new Set(), "1d": new Set() };

  /** @param storedBefore from the checkpoint: what comes after it can't be stored unless this table stored it */
  constructor(source: string, storedBefore: HighestBuckets, budget: MemoryBudget) {
    this.#source = source;
    this.#mayBeStored = new Map(storedBefore);
    this.#budget = budget;
    for (const [granularity, bucket] of storedBefore) this.#highest.set(granularity, bucket);
  }

  /** Folds what a record adds into its blocks. The parts of all its sections must come together: P2 is by record. */
  add(projectId: string, offset: number, appendTimeMs: number, parts: readonly DeltaPart[]): void {
    const byEntry = new Map<BlockEntry, DeltaPart[]>();
    for (const part of parts) {
      const entry = this.#entry(projectId, part);
      entry.retentionMinutes = Math.max(entry.retentionMinutes, part.retentionMinutes);
      const list = byEntry.get(entry);
      if (list === undefined) byEntry.set(entry, [part]);
      else list.push(part);
    }
    const cells = new WaitingCells(this.#budget);
    for (const [entry, list] of byEntry) {
      entry.add(offset, appendTimeMs, list, cells);
      this.count(entry);
      if (entry.dirty) continue;
      entry.dirty = true;
      this.#clean.delete(entry);
      this.#dirty[entry.tier].add(entry);
    }
    cells.close();
  }

  /** How many blocks of a tier must be stored. */
  dirtyCount(tier: Tier): number {
    return this.#dirty[tier].size;
  }

  /** Hands the blocks of a tier that must be stored to a flush. Those that change from now on are dirty again. */
  takeDirty(tier: Tier): readonly BlockEntry[] {
    const entries = [...this.#dirty[tier]];
    this.#dirty[tier] = new Set();
    for (const entry of entries) {
      entry.dirty = false;
      entry.flushing = true;
    }
    return entries;
  }

  /** Takes stored blocks back from a flush. */
  stored(entries: readonly BlockEntry[]): void {
    if (this.#isCleared) return;
    for (const entry of entries) {
      entry.flushing = false;
      this.count(entry);
      if (!entry.dirty) this.#clean.add(entry);
    }
  }

  /** Counts what an entry holds by now. */
  count(entry: BlockEntry): void {
    if (this.#isCleared) return;
    const bytes = entry.bytes;
    this.#budget.add(bytes - entry.countedBytes);
    entry.countedBytes = bytes;
    this.#countCells(entry, entry.cells);
  }

  /** P5: forgets clean blocks, longest unused first, while the budget is exceeded. Never one that must be stored. */
  evict(): void {
    for (const entry of this.#clean) {
      if (!this.#budget.exceeded) return;
      this.#clean.delete(entry);
      this.#forget(entry);
    }
  }

  /** Forgets everything, stored or not: the partition is not ours any more. */
  clear(): void {
    for (const family of this.#families.values()) {
      for (const entries of family.values()) {
        for (const entry of entries.values()) {
          entry.dropWaiting();
          this.#uncount(entry);
        }
      }
    }
    this.#families.clear();
    this.#isCleared = true;
    this.#clean.clear();
    this.#dirty = { "1m": new Set(), "15m": new Set(), "1h": new Set(), "1d": new Set() };
  }

  /** The highest bucket of each granularity that was ever folded, for the checkpoint. */
  highestBuckets(): HighestBuckets {
    return this.#highest;
  }

  #entry(projectId: string, part: DeltaPart): BlockEntry {
    const entries = this.#entries(projectId, part);
    const place = part.bucket * SLOTS_MAX + part.slot;
    const known = entries.get(place);
    if (known !== undefined) return known;
    const { granularity, bucket, slot, family } = part;
    const source = this.#source;
    const key = { projectId, family: family.id, generation: LIVE_GENERATION, granularity, bucket, slot, source };
    const isNew = bucket > (this.#mayBeStored.get(granularity) ?? Number.NEGATIVE_INFINITY);
    const entry = new BlockEntry(key, tierOf(granularity), family, isNew);
    entries.set(place, entry);
    this.#budget.blockCount++;
    raise(this.#highest, granularity, bucket);
    return entry;
  }

  #entries(projectId: string, part: DeltaPart): Map<number, BlockEntry> {
    const name = familyName(projectId, part.family);
    let family = this.#families.get(name);
    if (family === undefined) {
      family = new Map();
      this.#families.set(name, family);
    }
    let entries = family.get(part.granularity);
    if (entries === undefined) {
      entries = new Map();
      family.set(part.granularity, entries);
    }
    return entries;
  }

  #uncount(entry: BlockEntry): void {
    this.#budget.add(-entry.countedBytes);
    entry.countedBytes = 0;
    this.#countCells(entry, 0);
    this.#budget.blockCount--;
  }

  #countCells(entry: BlockEntry, cells: number): void {
    this.#budget.cellCount += cells - entry.countedCells;
    entry.countedCells = cells;
  }

  #forget(entry: BlockEntry): void {
    const { projectId, granularity, bucket, slot } = entry.key;
    this.#uncount(entry);
    // It was stored: a block of its bucket, or of one before it, is read when it is needed again.
    raise(this.#mayBeStored, granularity, bucket);
    const name = familyName(projectId, entry.family);
    const family = this.#families.get(name);
    const entries = family?.get(granularity);
    entries?.delete(bucket * SLOTS_MAX + slot);
    if (entries?.size === 0) family?.delete(granularity);
    if (family?.size === 0) this.#families.delete(name);
  }
}

function familyName(projectId: string, family: FamilyPlan): string {
  return `${projectId}/${family.id}`;
}

function raise(highest: Map<string, number>, granularity: string, bucket: number): void {
  if (bucket > (highest.get(granularity) ?? Number.NEGATIVE_INFINITY)) highest.set(granularity, bucket);
}
