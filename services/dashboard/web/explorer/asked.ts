import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Question } from "../question/question.ts";
import type { Every } from "../time/granularity.ts";
import { type Exploration, type Look, lookOf } from "./exploration.ts";

/** More lines than this can't be told apart. */
export const LINES_MAX = 10;
/** A series without a breakdown has a row for each bucket. */
const BUCKETS_MAX = 10_000;

/** How many rows or lines there may be, by look; the first is the usual. */
export const LIMITS: Readonly<Record<Look, readonly number[]>> = {
  series: [5, 3, 10],
  bars: [20, 5, 10, 50, 100],
  table: [100, 10, 20, 50, 500, 1_000],
  number: [1],
};

/** How many rows or lines are asked for. */
export function limitOf(exploration: Exploration): number {
  const look = lookOf(exploration);
  const limit = exploration.limit ?? LIMITS[look][0]!;
  return look === "series" ? Math.min(limit, LINES_MAX) : limit;
}

/** Whether the answer has a row for each bucket of time. */
export function hasBuckets(exploration: Exploration): boolean {
  const look = lookOf(exploration);
  return look === "series" || (look === "table" && exploration.byTime);
}

/** The question that an exploration asks of what is looked at. */
export function questionOf(
  exploration: Exploration,
  asked: Pick<Question, "project" | "range" | "zone" | "filters" | "compare">,
  every: Every,
): Question {
  const { metrics, dimensions, order } = exploration;
  const buckets = hasBuckets(exploration);
  const fields = [...metrics, ...dimensions, ...(buckets ? ["time"] : [])];
  // A line beside each of several lines would be too much to read.
  const isCompared = lookOf(exploration) !== "series" || dimensions.length === 0;
  const isOrdered = order !== undefined && fields.includes(order.field);
  return {
    ...asked,
    ...(!isCompared && { compare: "none" as const }),
    metrics,
    dimensions,
    ...(buckets && { every }),
    ...(isOrdered && { order }),
    limit: dimensions.length === 0 ? BUCKETS_MAX : limitOf(exploration),
  };
}

/** Whether an answer has the columns of a question: after another was asked the old answer may not. */
export function fits({ columns }: Result, question: Question): boolean {
  const names = (role: Role): string =>
    JSON.stringify(columns.filter((one) => one.role === role).map(({ name }) => name));
  return (
    names(Role.METRIC) === JSON.stringify(question.metrics) &&
    names(Role.DIMENSION) === JSON.stringify(question.dimensions ?? []) &&
    columns.some(({ role }) => role === Role.TIME) === (question.every !== undefined)
  );
}
