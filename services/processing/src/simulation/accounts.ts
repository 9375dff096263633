/** Compares what a history stored with what it should have, and watches that no watermark lies meanwhile. */
import { type CellStore, WATERMARK_KIND, type Watermark, watermarkOf } from "@millrace/cell-store";
import { Block, ByteReader, type CountState, readableFamilies } from "@millrace/rollup";
import type { History } from "./history.ts";
import { blockName, SimulatedStore } from "./simulated-store.ts";
import { bucketOf, DEFINITIONS, GRANULARITIES } from "./traffic.ts";

/** The broker's clock steps back by no more than this, and a watermark's time is no more exact than that clock. */
const CLOCK_STEP_MAX_MS = 4_000;

const KEYS: Record<string, keyof typeof GRANULARITIES> = { "1m": "1m", "15m": "15m", "1h": "1h", "1d": "1d+0" };

/** The offset that a stored block was folded up to; -1 for none. */
function foldedUpTo(blob: Uint8Array): number {
  return blob.length === 0 ? -1 : new ByteReader(blob, 2).varint() - 1;
}

/** Looks at every watermark before it is written: what it says is stored must be, whichever replicas are asked. */
export class WatermarkWatch {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  around(store: CellStore): CellStore {
    return {
      ...store,
      writeStates: (states, options) => {
        for (const state of states) if (state.kind === WATERMARK_KIND) this.#check(watermarkOf(state));
        return store.writeStates(states, options);
      },
    };
  }

  #check({ source, tier, offset, timeMs }: Watermark): void {
    const { store, log, problems, traffic } = this.#history;
    const granularity = KEYS[tier]!;
    for (const record of traffic.counted) {
      if (`1:${record.partition}` !== source) continue;
      const { appendTimeMs } = log.partitions[record.partition]![record.offset]!;
      if (record.offset >= offset && appendTimeMs >= timeMs - CLOCK_STEP_MAX_MS) continue;
      const bucket = bucketOf(record.timeMs, GRANULARITIES[granularity]);
      const { project: projectId } = record;
      const name = blockName({ projectId, family: "main@1", generation: 1, granularity, bucket, slot: 0, source });
      if (store.holds(name, (blob) => foldedUpTo(blob) >= record.offset)) continue;
      problems.push(`the watermark of ${tier} at ${offset} lies: ${name} has no record ${record.offset}`);
    }
  }
}

/**
 * Says what is wrong with what a history left: every read of two replicas must give exactly the counts of the events
 * that were sent, and the bytes of an undisturbed fold.
 */
export function compareAccounts(history: History, calm: SimulatedStore): readonly string[] {
  const problems: string[] = [];
  const wanted = SimulatedStore.blocks(calm.merged(0, 1));
  const accounts = [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const;
  for (const [one, other] of accounts) {
    const found = SimulatedStore.blocks(history.store.merged(one, other));
    const names = new Set([...wanted.keys(), ...found.keys()]);
    for (const name of names) {
      const same = Buffer.compare(wanted.get(name)?.value ?? EMPTY, found.get(name)?.value ?? EMPTY) === 0;
      if (!same) problems.push(`${name} has other bytes than an undisturbed fold gives`);
    }
    const { pages, outcomes } = countsOf(new Map([...found].map(([name, { value }]) => [name, value])));
    problems.push(...differences("events of", history.traffic.pages, pages));
    for (const granularity of Object.keys(GRANULARITIES)) {
      problems.push(...differences(`${granularity} accounts`, history.traffic.outcomes, outcomes[granularity] ?? {}));
    }
  }
  problems.push(...lettersMissing(history));
  return problems;
}

const EMPTY = new Uint8Array(0);

function lettersMissing({ letters, traffic }: History): string[] {
  const dead = Object.entries(traffic.outcomes).filter(([name]) => name.endsWith("/dead_lettered"));
  const wanted = dead.reduce((sum, [, count]) => sum + count, 0);
  return letters.size === wanted ? [] : [`${wanted} dead letters should be kept, and ${letters.size} are`];
}

function differences(what: string, wanted: Record<string, number>, found: Record<string, number>): string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  const wrong = names.filter((name) => (wanted[name] ?? 0) !== (found[name] ?? 0));
  return wrong.map((name) => {
    const [is, was] = [found[name] ?? 0, wanted[name] ?? 0];
    return `${what} ${name}: ${is < was ? "too few" : "too many"}, ${is} and not ${was}`;
  });
}

/** Adds up blocks, by project, granularity, bucket and page, and by granularity, project and outcome. */
function countsOf(blobs: ReadonlyMap<string, Uint8Array>) {
  const pages: Record<string, number> = {};
  const outcomes: Record<string, Record<string, number>> = {};
  for (const [name, blob] of blobs) {
    const [projectId, familyId, , granularity, bucket] = name.split("/");
    const definitions = DEFINITIONS.find((one) => one.projectId === projectId)!;
    const family = readableFamilies(definitions).find(({ id }) => id === familyId)!;
    const block = Block.decode(family.schema, blob);
    for (const [place, { name: rollup }] of family.rollups.entries()) {
      for (const [tuple, cell] of block.sections[place]!.entries()) {
        const { count } = cell[0] as unknown as CountState;
        if (rollup === "pages") add(pages, `${projectId}/${granularity}/${bucket}/${tuple}`, count);
        if (rollup !== "accounting") continue;
        outcomes[granularity!] ??= {};
        add(outcomes[granularity!]!, `${projectId}/${tuple}`, count);
      }
    }
  }
  return { pages, outcomes };
}

function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}
