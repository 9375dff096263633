import { create, toJson } from "@bufbuild/protobuf";
import { QueryRequestSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type Question, queryOf } from "../question/question.ts";
import { shellWord } from "./shell.ts";

const PATH = "/millrace.reporting.v1.ReportingService/Query";

/** The line that asks a question with curl; the key is taken from MILLRACE_KEY. `now` is in epoch milliseconds. */
export function curlText(question: Question, origin: string, now: number): string {
  const request = create(QueryRequestSchema, { query: queryOf(question, now) });
  const body = JSON.stringify(toJson(QueryRequestSchema, request));
  return [
    `curl ${shellWord(origin + PATH)}`,
    `  -H "x-api-key: $MILLRACE_KEY"`,
    `  -H 'content-type: application/json'`,
    `  -d ${shellWord(body)}`,
  ].join(" \\\n");
}
