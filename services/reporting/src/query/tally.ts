import { Failure } from "@millrace/failure";
import {
  type Cell,
  type Predicate,
  type SectionCursor,
  type State,
  type StateKind,
  TupleDirectory,
  tupleOf,
  tupleValues,
} from "@millrace/rollup";
import type { ReportingLimits } from "../limits.ts";
import type { Leg } from "./legs.ts";
import type { Question } from "./question.ts";
import { tupleFilter } from "./tuple-filter.ts";

/** Another one in each process, so that nobody can make tuples that are slow to tell apart. */
const DIRECTORY_SEED = Math.floor(Math.random() * 0x7fffffff);

/** What a tail that was put together is called. */
const OTHER = "(other)";

/** The states of one rollup's cell that are wanted, at their places in the cell. */
export type Totals = readonly (State | undefined)[];

/** What is known of one tuple of the question's dimensions. */
export type Group = {
  readonly values: readonly string[];
  /** By the bucket's place in the answer; holes where there is nothing. */
  readonly buckets: Totals[];
  /** The buckets that hold cells which were put together as "(other)". */
  readonly tails: Set<number>;
};

/** Tuples of a rollup for which the group is remembered; of more they are looked up again. */
const REMEMBERED_MAX = 200_000;
const CELL_BYTES = 64;

/** What one leg has read, by tuple of the question's dimensions and bucket. */
export class Tally {
  readonly leg: Leg;
  /** By the tuple's text. */
  readonly groups = new Map<string, Group>();
  /** What was put together as "(other)" and can't be told apart by the question's dimensions. */
  tail: Group | undefined;
  /** True when a tail was left out, because the filter can't be asked of it. */
  leftOut = false;
  /** How many blocks with cells of the rollup were read. */
  blocks = 0;
  readonly #limits: ReportingLimits;
  readonly #filter: Predicate<readonly string[]> | undefined;
  /** For each of the question's dimensions, its place in the rollup's tuples. */
  readonly #places: readonly number[];
  readonly #kinds: readonly (StateKind | undefined)[];
  readonly #grows: boolean;
  #directory = new TupleDirectory(DIRECTORY_SEED);
  /** By the tuple's number in the directory; null where the filter leaves it out. */
  #byNumber: (Group | null)[] = [];
  #heldBytes = 0;
  #cellsRead = 0;

  constructor(leg: Leg, question: Question, limits: ReportingLimits) {
    this.leg = leg;
    this.#limits = limits;
    const { dimensions, metrics } = leg.rollup;
    this.#filter = tupleFilter(question.filter, dimensions);
    this.#places = question.dimensions.map((name) => dimensions.indexOf(name));
    this.#kinds = metrics.map((metric, index) => (leg.states.includes(index) ? metric.kind : undefined));
    this.#grows = this.#kinds.some((kind) => kind?.grows);
  }

  /** Whether a tail that was put together loses something that the question asks for. */
  get tellsTuples(): boolean {
    return this.#places.length > 0 || this.#filter !== undefined;
  }

  /** Merges the cells of one block into a bucket of the answer. */
  add(cursor: SectionCursor, bucket: number): void {
    this.blocks += 1;
    this.#cellsRead += cursor.size;
    if (this.#cellsRead > this.#limits.cellsReadMax) {
      throw tooLarge("reads too many cells", "ask for a shorter range, or for fewer dimensions");
    }
    if (cursor.other !== undefined) this.#addOther(cursor.other, bucket);
    if (this.#byNumber.length >= REMEMBERED_MAX) this.#forget();
    for (let number = cursor.nextIn(this.#directory); number >= 0; number = cursor.nextIn(this.#directory)) {
      const known = this.#byNumber[number];
      const group = known === undefined ? this.#groupOf(number) : known;
      if (group === null) continue;
      const totals = group.buckets[bucket] ?? this.#newTotals(group, bucket);
      if (this.#grows) {
        const before = heldBytes(totals);
        cursor.mergeInto(totals);
        this.#hold(heldBytes(totals) - before);
      } else {
        cursor.mergeInto(totals);
      }
    }
  }

  #addOther(other: Cell, bucket: number): void {
    if (this.#filter !== undefined) {
      this.leftOut = true;
      return;
    }
    const group = this.#otherGroup();
    const totals = group.buckets[bucket] ?? this.#newTotals(group, bucket);
    const before = heldBytes(totals);
    for (let i = 0; i < totals.length; i++) totals[i]?.merge(other[i]!);
    this.#hold(heldBytes(totals) - before);
    group.tails.add(bucket);
  }

  #otherGroup(): Group {
    if (this.#places.length === 0) return this.#groupFor("", []);
    this.tail ??= { values: this.#places.map(() => OTHER), buckets: [], tails: new Set() };
    return this.tail;
  }

  /** The group of a rollup's tuple; null where the filter leaves it out. */
  #groupOf(number: number): Group | null {
    const values = tupleValues(this.#directory.texts[number]!, this.leg.rollup.dimensions.length);
    let group: Group | null = null;
    if (this.#filter === undefined || this.#filter(values)) {
      const projected = this.#places.map((place) => values[place]!);
      group = this.#groupFor(tupleOf(projected), projected);
    }
    this.#byNumber[number] = group;
    return group;
  }

  /** The groups stay; which tuple is of which is found out again. */
  #forget(): void {
    this.#directory = new TupleDirectory(DIRECTORY_SEED);
    this.#byNumber = [];
  }

  #groupFor(key: string, values: readonly string[]): Group {
    let group = this.groups.get(key);
    if (group === undefined) {
      if (this.groups.size >= this.#limits.tuplesMax) {
        throw tooLarge(`has more than ${this.#limits.tuplesMax} tuples`, "filter, or ask for fewer dimensions");
      }
      group = { values, buckets: [], tails: new Set() };
      this.groups.set(key, group);
    }
    return group;
  }

  #newTotals(group: Group, bucket: number): Totals {
    const totals = this.#kinds.map((kind) => kind?.create());
    group.buckets[bucket] = totals;
    this.#hold(CELL_BYTES + heldBytes(totals));
    return totals;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.#limits.heldBytesMax) {
      throw tooLarge("takes too much memory", "ask for a coarser granularity, a shorter range, or fewer dimensions");
    }
  }
}

function heldBytes(totals: Totals): number {
  let bytes = 0;
  for (const state of totals) if (state !== undefined) bytes += state.heldBytes;
  return bytes;
}

function tooLarge(what: string, advice: string): Failure {
  return new Failure("exhausted", "RESULT_TOO_LARGE", `the answer ${what}: ${advice}`);
}
