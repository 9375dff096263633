import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Column,
  Granularity,
  type Query,
  type QuerySchema,
  RelativeRange_Unit,
  type Result,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Installation } from "../installation.ts";

/** A question as the tests write it. */
export type Question = Exclude<MessageInitShape<typeof QuerySchema>, Query>;

/** A row by the names of its columns. */
export type AnswerRow = Readonly<Record<string, string | number | boolean | null>>;

export { Granularity };

/** From one moment to another, as ISO texts. */
export function between(start: string, end: string) {
  return { kind: { case: "absolute" as const, value: { startTime: moment(start), endTime: moment(end) } } };
}

/** Today and the days before. */
export function lastDays(last: number) {
  return { kind: { case: "relative" as const, value: { last, unit: RelativeRange_Unit.DAY } } };
}

/** The rows of an answer to a question, asked with the administrator's key, every page of it. */
export async function ask(millrace: Installation, question: Question): Promise<AnswerRow[]> {
  return (await askWithColumns(millrace, question)).rows;
}

/** The first page of rows. */
export async function askOnce(millrace: Installation, question: Question): Promise<AnswerRow[]> {
  const { result } = await millrace.client(ReportingService).query({ query: question });
  return rowsOf(result!);
}

/** The same as `ask`, with what the first page says of its columns, by name. */
export async function askWithColumns(millrace: Installation, question: Question) {
  const client = millrace.client(ReportingService);
  const rows: AnswerRow[] = [];
  const columns = new Map<string, Column>();
  for (let pageToken = ""; ; ) {
    const { result } = await client.query({ query: { ...question, pageToken } });
    rows.push(...rowsOf(result!));
    for (const column of result!.columns) if (!columns.has(column.name)) columns.set(column.name, column);
    pageToken = result!.nextPageToken;
    if (pageToken === "") return { rows, columns };
  }
}

/** The rows of a result by the names of its columns. */
function rowsOf({ columns, rows }: Result): AnswerRow[] {
  return rows.map(({ values }) =>
    Object.fromEntries(columns.map(({ name }, i) => [name, scalar(values[i]?.kind.value ?? null)])),
  );
}

function scalar(value: unknown): string | number | boolean | null {
  if (typeof value === "string" || typeof value === "boolean") return value;
  // A NullValue's number is 0, too; nulls are told apart by their case alone.
  return typeof value === "number" ? value : null;
}

function moment(iso: string): Timestamp {
  return timestampFromMs(Date.parse(iso));
}
