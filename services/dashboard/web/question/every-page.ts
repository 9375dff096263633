import type { Result, Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { QueryInit } from "./question.ts";

/** A file of more rows is nothing for a page; the command line has them all. */
export const ROWS_MAX = 10_000;

const TUPLES_A_PAGE = 100;

/** All pages of an answer, put together, up to {@link ROWS_MAX} rows. */
export type Whole = { readonly result: Result; readonly isCut: boolean };

/** Asks for page after page. `ask` throws what a call throws. */
export async function everyPage(query: QueryInit, ask: (query: QueryInit) => Promise<Result>): Promise<Whole> {
  // With buckets the limit counts tuples, of which each gives a row for every bucket.
  const isSeries = (query.granularity ?? 0) !== 0 && (query.dimensions?.length ?? 0) > 0;
  const limit = isSeries ? TUPLES_A_PAGE : ROWS_MAX;
  const first = await ask({ ...query, limit });
  const rows: Row[] = [...first.rows];
  let token = first.nextPageToken;
  while (token !== "" && rows.length < ROWS_MAX) {
    const page = await ask({ ...query, limit, pageToken: token });
    rows.push(...page.rows);
    token = page.nextPageToken;
  }
  const isCut = token !== "" || rows.length > ROWS_MAX;
  return { result: { ...first, rows: rows.slice(0, ROWS_MAX), nextPageToken: "" }, isCut };
}
