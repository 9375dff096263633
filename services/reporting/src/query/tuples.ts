import type { State } from "@millrace/rollup";
import type { Legs } from "./legs.ts";
import type { Group, Tally, Totals } from "./tally.ts";

/** One tuple of the question's dimensions, with what each leg knows of it. */
export class Tuple {
  readonly values: readonly string[];
  /** True for the tail that was put together. */
  readonly other: boolean;
  readonly #groups: readonly (Group | undefined)[];
  readonly #legs: Legs;
  readonly #sums: (Totals | undefined)[] = [];

  constructor(values: readonly string[], other: boolean, groups: readonly (Group | undefined)[], legs: Legs) {
    this.values = values;
    this.other = other;
    this.#groups = groups;
    this.#legs = legs;
  }

  /** The state of the question's metric at `index` in a bucket; undefined where there was no event. */
  state(index: number, bucket: number): State | undefined {
    const place = this.#legs.places[index]!;
    return this.#groups[place.leg]?.buckets[bucket]?.[place.state];
  }

  /** The state over all buckets. */
  total(index: number): State | undefined {
    const { leg, state } = this.#legs.places[index]!;
    const group = this.#groups[leg];
    if (group === undefined) return undefined;
    const sums = this.#sums[leg] ?? mergeBuckets(group, this.#legs.legs[leg]!.rollup.metrics);
    this.#sums[leg] = sums;
    return sums[state];
  }

  /** Whether what was put together as "(other)" is in a bucket of any leg. */
  hasTail(bucket: number): boolean {
    return this.#groups.some((group) => group?.tails.has(bucket));
  }
}

/** The tuples that any leg has, joined; those of a question without dimensions are always one. */
export function joinTuples(tallies: readonly Tally[], legs: Legs, dimensions: number): readonly Tuple[] {
  const keys = new Set(tallies.flatMap((tally) => [...tally.groups.keys()]));
  if (dimensions === 0) keys.add("");
  const tuples: Tuple[] = [];
  for (const key of keys) {
    const groups = tallies.map((tally) => tally.groups.get(key));
    const values = groups.find((group) => group !== undefined)?.values ?? [];
    tuples.push(new Tuple(values, false, groups, legs));
  }
  const tails = tallies.map((tally) => tally.tail);
  const tail = tails.find((group) => group !== undefined);
  if (tail !== undefined) tuples.push(new Tuple(tail.values, true, tails, legs));
  return tuples;
}

function mergeBuckets(group: Group, metrics: Legs["legs"][number]["rollup"]["metrics"]): Totals {
  const present = group.buckets.filter((totals) => totals !== undefined);
  if (present.length === 1) return present[0]!;
  return metrics.map(({ kind }, index) => {
    if (present[0]?.[index] === undefined) return undefined;
    const sum = kind.create();
    for (const totals of present) sum.merge(totals[index]!);
    return sum;
  });
}
