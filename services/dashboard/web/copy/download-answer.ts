import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { everyPage } from "../question/every-page.ts";
import { type Question, queryOf } from "../question/question.ts";
import { problemOf } from "../rpc/problem.ts";
import { reporting } from "../rpc/transport.ts";
import { csvFileName, csvText, downloadText } from "./csv.ts";

/**
 * Gives the whole answer of a question as a file of CSV, not only the rows that are shown; and what to say then.
 *
 * @param saidOfCut what is said where the answer has more rows than are taken
 * @param prepare what becomes of the answer before it is written
 */
export async function downloadAnswer(
  question: Question,
  saidOfCut: string,
  prepare: (result: Result) => Result = (result) => result,
): Promise<string> {
  try {
    const query = queryOf(question, Date.now());
    const whole = await everyPage(query, async (page) => (await reporting.query({ query: page })).result!);
    downloadText(csvText(prepare(whole.result)), csvFileName(question));
    return whole.isCut ? saidOfCut : "Downloaded";
  } catch (error) {
    return problemOf(error).title;
  }
}
