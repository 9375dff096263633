import { create, toJson } from "@bufbuild/protobuf";
import { QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type Question, queryOf } from "../question/question.ts";

/** The lines that ask a question with the SDK. `now` is in epoch milliseconds. */
export function sdkText(question: Question, origin: string, now: number): string {
  const query = toJson(QuerySchema, create(QuerySchema, queryOf(question, now)));
  const lines = JSON.stringify(query, null, 2).replaceAll(/^(\s*)"([A-Za-z_$][\w$]*)":/gm, "$1$2:");
  return [
    'import { createMillrace } from "@millrace/client";',
    "",
    `const millrace = createMillrace({ url: ${JSON.stringify(origin)}, key: process.env.MILLRACE_KEY });`,
    `const { rows } = await millrace.query(${lines});`,
    "",
  ].join("\n");
}
