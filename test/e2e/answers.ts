import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Granularity,
  type QuerySchema,
  RelativeRange_Unit,
  type Result,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Millrace } from "@millrace/harness";

/** A question as the tests write it. */
export type Question = MessageInitShape<typeof QuerySchema>;

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
export async function ask(millrace: Millrace, question: Question): Promise<AnswerRow[]> {
  const client = millrace.client(ReportingService);
  const rows: AnswerRow[] = [];
  for (let pageToken = ""; ; ) {
    const { result } = await client.query({ query: { ...question, pageToken } });
    rows.push(...rowsOf(result!));
    pageToken = result!.nextPageToken;
    if (pageToken === "") return rows;
  }
}

/** The rows of a result by the names of its columns. */
export function rowsOf({ columns, rows }: Result): AnswerRow[] {
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
