/** One measured number, and what it is held to. */
export type Figure = {
  readonly what: string;
  readonly value: number;
  /** What it counts, such as "events/s". */
  readonly unit: string;
  readonly goal?: Goal;
};

/** What a figure should be, in its unit. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** A measurement that `npm run bench -- NAME` takes, in a process of its own. */
export type Bench = {
  /** What it measures, in a line. */
  readonly about: string;
  /** Measures; each takes well under a minute, but where `about` says otherwise. */
  run(): Promise<readonly Figure[]>;
};

/** Whether a figure reaches its goal; undefined where it has none. */
export function isReached({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}
