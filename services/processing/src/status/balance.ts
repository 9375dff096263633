import type { CellStore } from "@millrace/cell-store";
import {
  ACCOUNTING_ROLLUP_NUMBER,
  Block,
  CountState,
  granularityKeys,
  MAIN_FAMILY,
  minuteOf,
  type Outcome,
  readableFamilies,
  retentionMinutes,
  type Tier,
  tierOf,
  tiles,
} from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import { noOutcomes, type OutcomeCounts } from "../fold/tally.ts";

/** Rollups count from here on; no project is older. */
const BEGINNING_MINUTE = minuteOf(Date.UTC(2020, 0, 1));

/** What reading a balance needs. */
export type BalanceDeps = {
  readonly store: CellStore;
  readonly snapshot: Snapshot;
  readonly clock: { now(): number };
  /** Up to when each tier is durable, in epoch milliseconds: the earliest of all partitions. */
  readonly watermarkMs: (tier: Tier) => Promise<number>;
};

/**
 * How many events of a project had each outcome, since its beginning: the stored cells of the rollup "accounting", which
 * are folded exactly once like any others.
 */
export async function readBalance(projectId: string, deps: BalanceDeps, signal?: AbortSignal): Promise<OutcomeCounts> {
  const options = signal === undefined ? {} : { signal };
  const definitions = await deps.snapshot.definitions(projectId, options);
  const generation = await deps.snapshot.servedGeneration(projectId, options);
  const nowMinute = minuteOf(deps.clock.now());
  const kept = retentionMinutes(definitions.retention);
  const sources = await Promise.all(
    granularityKeys(definitions.dayOffsetsMinutes.slice(0, 1)).map(async (key) => {
      const tier = tierOf(key);
      // The finest tier is read to its end: it is as fresh as there is.
      const availableTo = tier === "1m" ? undefined : minuteOf(await deps.watermarkMs(tier));
      return { key, availableFrom: nowMinute - kept[tier], availableTo };
    }),
  );
  const counts = noOutcomes();
  const families = readableFamilies(definitions).filter(({ name }) => name === MAIN_FAMILY);
  for (const run of tiles(BEGINNING_MINUTE, nowMinute + 1440, sources).runs) {
    for (const family of families) {
      const range = {
        projectId,
        family: family.id,
        generation,
        granularity: run.key,
        fromBucket: run.from,
        toBucket: run.to,
      };
      for await (const blocks of deps.store.scan(range, options)) {
        for (const { blob } of blocks) addCounts(counts, Block.decode(family.schema, blob));
      }
    }
  }
  return counts;
}

function addCounts(counts: OutcomeCounts, block: Block): void {
  const place = block.schema.rollups.findIndex(({ number }) => number === ACCOUNTING_ROLLUP_NUMBER);
  for (const [outcome, cell] of block.sections[place]?.entries() ?? []) {
    const [state] = cell;
    if (state instanceof CountState) counts[outcome as Outcome] += state.count;
  }
}
