import { create, equals } from "@bufbuild/protobuf";
import {
  type Column,
  ColumnSchema,
  type Result,
  Column_Role as Role,
  type Row,
  RowSchema,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { type Change, ChangeSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";

/**
 * What turns one answer to a question into the next; undefined where that can't be said by rows: another range, or
 * columns or notices that say something else.
 */
export function differenceOf(before: Result, after: Result): Change | undefined {
  if (!isSameFrame(before, after)) return undefined;
  const { columns } = after;
  const old = new Map(before.rows.map((row) => [rowKey(row, columns), row]));
  const changedRows: Row[] = [];
  for (const row of after.rows) {
    const key = rowKey(row, columns);
    const former = old.get(key);
    old.delete(key);
    if (former === undefined || !equals(RowSchema, former, row)) changedRows.push(row);
  }
  const { watermark } = after;
  return create(ChangeSchema, { changedRows, removedRows: [...old.values()], ...(watermark && { watermark }) });
}

/** What tells a row apart: its time and dimensions, and by dimensions whether it is the tail "(other)". */
export function rowKey(row: Row, columns: readonly Column[]): string {
  const keys = columns.filter(({ role }) => role === Role.TIME || role === Role.DIMENSION).length;
  const isTail = row.other && columns.some(({ role }) => role === Role.DIMENSION);
  return JSON.stringify([isTail, ...row.values.slice(0, keys).map(({ kind }) => kind.value)]);
}

function isSameFrame(before: Result, after: Result): boolean {
  return (
    before.timeRange?.startTime?.seconds === after.timeRange?.startTime?.seconds &&
    before.timeRange?.endTime?.seconds === after.timeRange?.endTime?.seconds &&
    (before.nextPageToken === "") === (after.nextPageToken === "") &&
    before.notices.join("\n") === after.notices.join("\n") &&
    isSameColumns(before.columns, after.columns)
  );
}

function isSameColumns(before: readonly Column[], after: readonly Column[]): boolean {
  return before.length === after.length && before.every((column, i) => equals(ColumnSchema, column, after[i]!));
}
