import { Failure } from "@millrace/failure";
import type { ReportingLimits } from "../limits.ts";
import { firstOf } from "./first-of.ts";
import { compareRanked, type Ranked, rankBucket, rankTotal } from "./order.ts";
import type { Question } from "./question.ts";
import type { Tuple } from "./tuples.ts";

/** A row of the answer. */
export type AnswerRow = { readonly tuple: Tuple; readonly ranked: Ranked };

/** A page of rows, and the last that it has when there are more. */
export type Page = { readonly rows: readonly AnswerRow[]; readonly last?: Ranked };

/**
 * The rows of a page, in order. In a series by dimensions the page is one of tuples, ranked by their totals over the
 * range, each with its whole series; else it is one of rows.
 *
 * @param after the last row, or tuple, of the page before
 * @throws Failure `exhausted` (RESULT_TOO_LARGE)
 */
export function pageOf(
  tuples: readonly Tuple[],
  bucketCount: number,
  question: Question,
  after: Ranked | undefined,
  limits: ReportingLimits,
): Page {
  if (question.granularity === undefined || question.dimensions.length === 0) {
    const rows = tuples.flatMap((tuple) => seriesOf(tuple, bucketCount, question));
    return cut(rows, question, after);
  }
  const order = question.order.filter((key) => key.by !== "time");
  const totals = tuples.map((tuple) => ({ tuple, ranked: rankTotal(tuple, question) }));
  const page = cut(totals, { ...question, order }, after);
  if (page.rows.length * bucketCount > limits.rowsMax) {
    const fitting = Math.floor(limits.rowsMax / bucketCount);
    const message =
      `${page.rows.length} series of ${bucketCount} buckets are more than ${limits.rowsMax} rows: ` +
      `ask for a coarser granularity, a shorter range, or a limit of ${fitting}`;
    throw new Failure("exhausted", "RESULT_TOO_LARGE", message);
  }
  const rows = page.rows.flatMap(({ tuple }) => seriesOf(tuple, bucketCount, question));
  const compare = compareRanked(question);
  return { ...page, rows: rows.sort((a, b) => compare(a.ranked, b.ranked)) };
}

function seriesOf(tuple: Tuple, bucketCount: number, question: Question): AnswerRow[] {
  const rows: AnswerRow[] = [];
  for (let bucket = 0; bucket < bucketCount; bucket++)
    rows.push({ tuple, ranked: rankBucket(tuple, bucket, question) });
  return rows;
}

function cut(rows: readonly AnswerRow[], question: Question, after: Ranked | undefined): Page {
  const compare = compareRanked(question);
  const following = after === undefined ? rows : rows.filter(({ ranked }) => compare(ranked, after) > 0);
  const page = firstOf(following, question.limit, (a, b) => compare(a.ranked, b.ranked));
  return following.length > page.length ? { rows: page, last: page.at(-1)!.ranked } : { rows: page };
}
