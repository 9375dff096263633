import type { BlockWrite, CellStore } from "@millrace/cell-store";
import type { PartialBlock, Tier } from "@millrace/rollup";
import type { BlockEntry } from "../blocks/block-entry.ts";
import type { BlockTable } from "../blocks/block-table.ts";
import type { LivePublisher } from "../live/live-publisher.ts";
import { keepMinutesOf } from "../retention/keep-minutes.ts";
import { retryUntilDone } from "../retry.ts";

/** How many blocks are read or written by one call to the store, at most; and by the first, whose sizes are not known. */
const BLOCKS_PER_CALL = 2_048;
const FIRST_BLOCKS = 64;

/** P5: no more blocks are read at once than take about this much memory, going by those before. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/** At most about this many bytes are written by one call. */
const BYTES_PER_CALL = 4 * 1024 * 1024;

/** What a flush needs. */
export type TierFlushDeps = {
  readonly table: BlockTable;
  readonly store: CellStore;
  readonly live: LivePublisher;
  readonly stalled: (problem: unknown) => void;
};

/** What a flush has stored. */
export type Flushed = { readonly blocks: number; readonly bytes: number };

/**
 * Stores every block of a tier that has changed. When it resolves, all that was folded before the call is durable in the
 * tier. Repeats a failed call until it succeeds: writing the same blocks again changes nothing (P2).
 *
 * @returns how many blocks were written, and their bytes
 * @throws the signal's reason when it aborts; what is not known to be stored was not committed, so nothing is lost
 */
export async function flushTier(tier: Tier, deps: TierFlushDeps, signal: AbortSignal): Promise<Flushed> {
  const entries = byProject(deps.table.takeDirty(tier));
  let portion = FIRST_BLOCKS;
  let bytes = 0;
  for (let from = 0; from < entries.length; ) {
    const some = entries.slice(from, from + portion);
    from += some.length;
    await loadMissing(some, deps, signal);
    bytes += await writeAll(some, deps, signal);
    portion = portionAfter(some);
    deps.table.stored(some);
    deps.table.evict();
  }
  return { blocks: entries.length, bytes };
}

/**
 * Blocks of a project beside each other, and projects in an order that is the same from flush to flush: so does a store
 * keep them, and a call then touches few of its pages, each once.
 */
function byProject(entries: readonly BlockEntry[]): readonly BlockEntry[] {
  if (entries.length <= FIRST_BLOCKS) return entries;
  return entries.toSorted((a, b) => {
    if (a.key.projectId !== b.key.projectId) return a.key.projectId < b.key.projectId ? -1 : 1;
    return a.key.bucket - b.key.bucket;
  });
}

function portionAfter(entries: readonly BlockEntry[]): number {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const fitting = Math.floor((BYTES_AT_ONCE * entries.length) / Math.max(1, bytes));
  return Math.max(1, Math.min(BLOCKS_PER_CALL, fitting));
}

async function loadMissing(entries: readonly BlockEntry[], deps: TierFlushDeps, signal: AbortSignal): Promise<void> {
  const missing = entries.filter((entry) => !entry.resident);
  if (missing.length === 0) return;
  const keys = missing.map((entry) => entry.key);
  const stored = await retryUntilDone(() => deps.store.readBlocks(keys, { signal }), deps.stalled, signal);
  for (const [index, entry] of missing.entries()) entry.load(stored[index]?.blob);
}

async function writeAll(entries: readonly BlockEntry[], deps: TierFlushDeps, signal: AbortSignal): Promise<number> {
  let blocks: BlockWrite[] = [];
  let touched: [BlockEntry, PartialBlock][] = [];
  let bytes = 0;
  let written = 0;
  const write = async () => {
    const portion = blocks;
    const news = touched;
    blocks = [];
    touched = [];
    written += bytes;
    bytes = 0;
    await retryUntilDone(() => deps.store.writeBlocks(portion, { signal }), deps.stalled, signal);
    deps.live.publish(news);
  };
  for (const entry of entries) {
    const isWatched = deps.live.isWatched(entry.key.projectId);
    const { blob, wts } = (isWatched ? undefined : entry.encodeAtRest()) ?? entry.encode();
    blocks.push({ key: entry.key, blob, wts, keepMinutes: keepMinutesOf(entry.retentionMinutes) });
    bytes += blob.length;
    if (isWatched) {
      const partial = entry.takeTouched();
      if (partial !== undefined) touched.push([entry, partial]);
    } else entry.dropTouched();
    entry.rest(blob);
    if (bytes >= BYTES_PER_CALL) await write();
  }
  if (blocks.length > 0) await write();
  return written;
}
