import { setImmediate } from "node:timers/promises";
import type { BlockReader, StoredBlock } from "@millrace/cell-store";
import {
  type FamilyPlan,
  granularityOf,
  readSections,
  type SectionCursor,
  type Tier,
  type TileRun,
  type TileSource,
  tierOf,
  tiles,
} from "@millrace/rollup";
import type { ReportingLimits } from "../limits.ts";
import type { Leg } from "./legs.ts";
import { bucketIndexOf, type Plan } from "./plan.ts";
import type { Question } from "./question.ts";
import { Tally } from "./tally.ts";
import { slotsOfFilter } from "./tuple-filter.ts";

/** What reading needs. */
export type ReadDeps = {
  readonly store: BlockReader;
  readonly generation: number;
  readonly limits: ReportingLimits;
  readonly signal: AbortSignal;
  /** Which stored granularities may be read instead, where a coarse one has put a tail together. */
  readonly sources: readonly TileSource[];
};

/** What was read. */
export type Reading = {
  /** One for each leg, in order. */
  readonly tallies: readonly Tally[];
  readonly tiers: ReadonlySet<Tier>;
  /** How many blocks it was put together from. */
  readonly blockCount: number;
};

/** For how long a question keeps the event loop at most, in milliseconds. */
const TURN_MS = 10;

/** A store that is far away answers several scans in the time of one. Merging does not depend on their order. */
const SCANS_AT_ONCE = 4;

/** Blocks of one bucket are held to see whether any has put a tail together; of more than this the tail is accepted. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads and merges what a plan names, each family's blocks once for all legs. Where a rollup's cells of a bucket were
 * put together as "(other)" and the question tells tuples apart, the bucket is read again from finer granularities, if
 * they are still kept: those have room for as many tuples in each of their smaller buckets.
 */
export async function readLegs(legs: readonly Leg[], plan: Plan, question: Question, deps: ReadDeps): Promise<Reading> {
  const tallies = legs.map((leg) => new Tally(leg, question, deps.limits));
  const reader = new RunReader(plan, question, deps);
  const scans = [...byFamily(tallies)].flatMap(([family, readers]) =>
    plan.runs.map((run) => ({ family, readers, run })),
  );
  const takeScans = async () => {
    for (let scan = scans.shift(); scan !== undefined; scan = scans.shift()) {
      await reader.read(scan.family, scan.readers, scan.run);
    }
  };
  try {
    await Promise.all(Array.from({ length: SCANS_AT_ONCE }, takeScans));
  } finally {
    // After a failure none is begun any more.
    scans.length = 0;
  }
  return { tallies, tiers: reader.tiers, blockCount: reader.blockCount };
}

function byFamily(tallies: readonly Tally[]): ReadonlyMap<FamilyPlan, readonly Tally[]> {
  const families = new Map<FamilyPlan, Tally[]>();
  for (const tally of tallies) {
    for (const family of tally.leg.families) families.set(family, [...(families.get(family) ?? []), tally]);
  }
  return families;
}

class RunReader {
  readonly tiers = new Set<Tier>();
  blockCount = 0;
  readonly #plan: Plan;
  readonly #question: Question;
  readonly #deps: ReadDeps;
  #turnBegan = performance.now();

  constructor(plan: Plan, question: Question, deps: ReadDeps) {
    this.#plan = plan;
    this.#question = question;
    this.#deps = deps;
  }

  async read(family: FamilyPlan, tallies: readonly Tally[], run: TileRun): Promise<void> {
    this.tiers.add(tierOf(run.key));
    const held = new HeldBucket(family, tallies, this.#finerThan(run));
    for await (const portion of this.#scan(family, tallies, run)) {
      this.blockCount += portion.length;
      for (const block of portion) {
        if (held.bucket !== block.key.bucket) this.#merge(held.take(block.key.bucket));
        if (!held.hold(block)) this.#merge(held.accept());
        if (performance.now() - this.#turnBegan > TURN_MS) await this.#yield();
      }
    }
    this.#merge(held.take(Number.NaN));
    for (const { tally, runs } of held.overflowed) {
      for (const finer of runs) await this.read(family, [tally], finer);
    }
  }

  #scan(family: FamilyPlan, tallies: readonly Tally[], run: TileRun): AsyncIterable<readonly StoredBlock[]> {
    const { store, generation, signal } = this.#deps;
    const { projectId, filter } = this.#question;
    // A family of several slots has one rollup, so one leg.
    const slots = slotsOfFilter(filter, tallies[0]!.leg.rollup.dimensions, family.slots);
    const [fromBucket, toBucket] = [Math.max(0, run.from), Math.max(0, run.to)];
    const series = { projectId, family: family.id, generation, granularity: run.key };
    return store.scan({ ...series, fromBucket, toBucket, ...(slots && { slots }) }, { signal });
  }

  #finerThan(run: TileRun): readonly TileSource[] {
    const width = granularityOf(run.key).widthMinutes;
    return this.#deps.sources.filter(({ key }) => granularityOf(key).widthMinutes < width);
  }

  #merge(opened: readonly OpenedSection[]): void {
    for (const { tally, cursor, minute } of opened) tally.add(cursor, bucketIndexOf(this.#plan.buckets, minute));
  }

  async #yield(): Promise<void> {
    await setImmediate();
    this.#deps.signal.throwIfAborted();
    this.#turnBegan = performance.now();
  }
}

/** A section that is about to be merged. */
type OpenedSection = { readonly tally: Tally; readonly cursor: SectionCursor; readonly minute: number };

/** The blocks of one stored bucket, held until it is known whether one of them has put a tail together. */
class HeldBucket {
  /** What must be read again, from where. */
  readonly overflowed: { readonly tally: Tally; readonly runs: readonly TileRun[] }[] = [];
  bucket = Number.NaN;
  readonly #family: FamilyPlan;
  readonly #tallies: readonly Tally[];
  readonly #finer: readonly TileSource[];
  readonly #mayReadAgain: boolean;
  #opened: OpenedSection[] = [];
  #bytes = 0;
  #accepted = false;
  #key = "";

  constructor(family: FamilyPlan, tallies: readonly Tally[], finer: readonly TileSource[]) {
    this.#family = family;
    this.#tallies = tallies;
    this.#finer = finer;
    this.#mayReadAgain = finer.length > 0 && tallies.some((tally) => tally.tellsTuples);
  }

  /** Opens a block of the bucket; false when the bucket is not to be held any longer. */
  hold({ key, blob }: StoredBlock): boolean {
    this.#key = key.granularity;
    this.#bytes += blob.byteLength;
    const numbers = this.#tallies.map((tally) => tally.leg.rollup.number);
    for (const cursor of readSections(this.#family.schema, blob, numbers).sections) {
      const tally = this.#tallies[numbers.indexOf(cursor.rollup.number)]!;
      this.#opened.push({ tally, cursor, minute: key.bucket });
    }
    return this.#mayReadAgain && !this.#accepted && this.#bytes <= HELD_BYTES_MAX;
  }

  /** What is held, whatever was put together in it; what follows of the bucket is not held any more. */
  accept(): readonly OpenedSection[] {
    this.#accepted = true;
    const opened = this.#opened;
    this.#opened = [];
    return opened;
  }

  /** What can be merged of the bucket that is held, and goes on to the next. */
  take(next: number): readonly OpenedSection[] {
    let opened = this.#opened;
    for (const tally of this.#tallies) {
      if (!tally.tellsTuples || this.#accepted) continue;
      if (!opened.some((one) => one.tally === tally && one.cursor.otherMerges > 0)) continue;
      const width = granularityOf(this.#key).widthMinutes;
      const { runs, uncovered } = tiles(this.bucket, this.bucket + width, this.#finer);
      if (uncovered.length > 0 || runs.length === 0) continue;
      this.overflowed.push({ tally, runs });
      opened = opened.filter((one) => one.tally !== tally);
    }
    this.bucket = next;
    this.#opened = [];
    this.#bytes = 0;
    this.#accepted = false;
    return opened;
  }
}
