import type { OrderKey, Question } from "./question.ts";
import type { Tuple } from "./tuples.ts";
import { type Reading, readingOf } from "./values.ts";

/** What is ordered: a row, or a tuple that stands for its whole series. */
export type Ranked = {
  /** The place of the bucket in the answer; 0 for a tuple that stands for its series. */
  readonly bucket: number;
  readonly values: readonly string[];
  readonly other: boolean;
  /** The values of the metrics, in the question's order. */
  readonly readings: readonly Reading[];
};

/** By time, then by the first metric, greatest first. */
const DEFAULT_ORDER: readonly OrderKey[] = [
  { by: "time", index: 0, descending: false },
  { by: "metric", index: 0, descending: true },
];

/** How two rows are ordered: by the question's keys, then by time, then by the dimensions, "(other)" behind its equals. */
export function compareRanked(question: Question): (a: Ranked, b: Ranked) => number {
  const keys = question.order.length === 0 ? DEFAULT_ORDER : question.order;
  return (a, b) => {
    for (const key of keys) {
      const order = compareBy(key, a, b);
      if (order !== 0) return order;
    }
    return a.bucket - b.bucket || compareTexts(a.values, b.values) || Number(a.other) - Number(b.other);
  };
}

/** A tuple in one bucket. */
export function rankBucket(tuple: Tuple, bucket: number, question: Question): Ranked {
  const readings = question.metrics.map((metric, index) => readingOf(metric, tuple.state(index, bucket)));
  return { bucket, values: tuple.values, other: tuple.other, readings };
}

/** A tuple by its totals over the whole range. */
export function rankTotal(tuple: Tuple, question: Question): Ranked {
  const readings = question.metrics.map((metric, index) => readingOf(metric, tuple.total(index)));
  return { bucket: 0, values: tuple.values, other: tuple.other, readings };
}

function compareBy({ by, index, descending }: OrderKey, a: Ranked, b: Ranked): number {
  if (by === "metric") return compareReadings(a.readings[index], b.readings[index], descending);
  const order = by === "time" ? a.bucket - b.bucket : compareText(a.values[index]!, b.values[index]!);
  return descending ? -order : order;
}

/** What has no value is last in either direction. */
function compareReadings(a: Reading, b: Reading, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return descending ? -order : order;
}

function compareTexts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareText(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
