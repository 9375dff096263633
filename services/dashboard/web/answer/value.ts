import type { Value } from "@bufbuild/protobuf/wkt";
import { type Column, type Result, Column_Role as Role, type Row } from "@millrace/api/millrace/reporting/v1/query_pb";

/** A number, exact decimals rounded to one; null where there is none. */
export function numberOf(value: Value | undefined): number | null {
  const kind = value?.kind;
  if (kind?.case === "numberValue") return kind.value;
  if (kind?.case === "stringValue" && kind.value !== "") return Number(kind.value);
  return null;
}

/** The text of a dimension's value or of a time; empty where there is none. */
export function textOf(value: Value | undefined): string {
  const kind = value?.kind;
  return kind?.case === "stringValue" ? kind.value : kind?.case === "numberValue" ? String(kind.value) : "";
}

/** The place of a column in the rows of an answer; -1 where there is none. */
export function placeOf(result: Result, role: Role, name?: string): number {
  return result.columns.findIndex((column) => column.role === role && (name === undefined || column.name === name));
}

/** The numbers of a row by metric, of the range asked about or of the one compared with. */
export function metricsOf(
  result: Result,
  row: Row | undefined,
  role: Role = Role.METRIC,
): Readonly<Record<string, number | null>> {
  const numbers: Record<string, number | null> = {};
  result.columns.forEach((column, place) => {
    if (column.role === role) numbers[column.name] = numberOf(row?.values[place]);
  });
  return numbers;
}

/** What tells a row apart: its time and dimensions, and by dimensions whether it is the tail "(other)". */
export function rowKey(row: Row, columns: readonly Column[]): string {
  let key = keys.get(row);
  if (key === undefined) {
    key = newKey(row, columns);
    keys.set(row, key);
  }
  return key;
}

/** Rows stay as they are, and most of them for long. */
const keys = new WeakMap<Row, string>();

function newKey(row: Row, columns: readonly Column[]): string {
  const places = columns.filter(({ role }) => role === Role.TIME || role === Role.DIMENSION).length;
  const isTail = row.other && columns.some(({ role }) => role === Role.DIMENSION);
  return JSON.stringify([isTail, ...row.values.slice(0, places).map(textOf)]);
}
