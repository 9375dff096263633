import type { Value } from "@bufbuild/protobuf/wkt";
import {
  type Column,
  Column_Role,
  Column_Type,
  type Result,
  Row_State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { enumName } from "../enum-name.ts";
import { wantsColor } from "../terminal/color.ts";
import { csvLine } from "./csv-text.ts";
import { jsonText } from "./json-text.ts";
import { grouped, groupedDecimal, rounded } from "./number-text.ts";
import { layOut, type TableColumn, terminalWidth } from "./table.ts";
import { isoText, utcText } from "./time-text.ts";

/** What to say when there is another page. */
export const MORE_ROWS = "There are more rows: --all gives every one, --limit more at once.";

/** A column's key: as it was asked for; of the range compared with, "previous_" before it. */
export function columnKey({ name, role }: Column): string {
  return role === Column_Role.COMPARISON ? `previous_${name}` : name;
}

/** The result as a table for people, with what they should know below. */
export function resultTable(result: Result, hints: readonly string[]): string {
  const marks = result.rows.some(({ state }) => state === Row_State.PROVISIONAL);
  const columns: TableColumn[] = result.columns.map((column) => ({
    title: titleOf(column),
    align: isNumber(column) ? "right" : "left",
  }));
  const times = shortTimes(result);
  const rows = result.rows.map((row, at) => {
    const cells = row.values.map((value, index) => {
      const column = result.columns[index]!;
      return column.type === Column_Type.TIME ? times[at]! : cellText(value, column);
    });
    return marks ? [...cells, row.state === Row_State.PROVISIONAL ? "*" : ""] : cells;
  });
  if (marks) columns.push({ title: "" });
  const body =
    rows.length === 0
      ? "No rows: nothing was counted in this range."
      : layOut(columns, rows, { width: terminalWidth(), isColored: wantsColor() });
  return `${body}\n${[...footer(result, marks), ...hints].join("\n")}`;
}

/** The result for programs: rows as objects by column, and everything else under "meta". Sums are decimal strings. */
export function resultDocument(result: Result) {
  const indexes = (matches: (row: Result["rows"][number]) => boolean) =>
    result.rows.flatMap((row, index) => (matches(row) ? [index] : []));
  return {
    rows: result.rows.map((row) => rowDocument(result.columns, row)),
    meta: {
      columns: result.columns.map((column) => ({
        name: columnKey(column),
        role: enumName(Column_Role, column.role).toLowerCase(),
        type: enumName(Column_Type, column.type).toLowerCase(),
        unit: column.unit,
        exact: column.exact,
        relativeError: column.relativeError,
      })),
      provisionalRows: indexes(({ state }) => state === Row_State.PROVISIONAL),
      otherRows: indexes(({ other }) => other),
      from: isoText(result.timeRange?.startTime),
      to: isoText(result.timeRange?.endTime),
      comparedFrom: isoText(result.comparisonTimeRange?.startTime),
      comparedTo: isoText(result.comparisonTimeRange?.endTime),
      timeZone: result.timeZone,
      watermark: isoText(result.watermark),
      notices: result.notices,
      nextPageToken: result.nextPageToken,
    },
  };
}

/** A row for programs: its values by column. */
export function rowDocument(columns: readonly Column[], { values }: Result["rows"][number]) {
  return Object.fromEntries(values.map((value, at) => [columnKey(columns[at]!), plain(value)]));
}

/** The rows as JSON, one a line. */
export function resultLines({ columns, rows }: Result): string {
  return rows.map((row) => `${jsonText(rowDocument(columns, row))}\n`).join("");
}

/** The result as comma-separated values with a header; absent values are empty. */
export function resultCsv(result: Result): string {
  let text = csvLine(result.columns.map(columnKey));
  for (const row of result.rows) text += csvLine(row.values.map((value) => String(plain(value) ?? "")));
  return text;
}

/** What a reader should know about a result: what is provisional or estimated, its range, its watermark. */
export function footer(result: Result, hasMarks: boolean): string[] {
  const { timeRange, comparisonTimeRange, columns } = result;
  const lines = [""];
  if (hasMarks) lines.push("* provisional: events may still arrive for it");
  const estimates = columns.filter(({ exact, role }) => !exact && role === Column_Role.METRIC);
  for (const error of new Set(estimates.map(({ relativeError }) => relativeError))) {
    const names = estimates.filter(({ relativeError }) => relativeError === error).map(({ name }) => name);
    lines.push(`~ estimated, to within ${rounded(error * 100)} %: ${names.join(", ")}`);
  }
  lines.push(...result.notices);
  lines.push(`${utcText(timeRange?.startTime)} to ${utcText(timeRange?.endTime)}, time zone ${result.timeZone}`);
  if (comparisonTimeRange !== undefined) {
    lines.push(`compared with ${utcText(comparisonTimeRange.startTime)} to ${utcText(comparisonTimeRange.endTime)}`);
  }
  lines.push(`as of ${utcText(result.watermark)}`);
  return lines;
}

/** A column's title for people: what is estimated has a ~ before it. */
export function titleOf({ name, role, unit, exact }: Column): string {
  const title = role === Column_Role.COMPARISON ? `previous ${name}` : name;
  const withUnit = unit === "" ? title : `${title} (${unit})`;
  return exact || role === Column_Role.TIME || role === Column_Role.DIMENSION ? withUnit : `~${withUnit}`;
}

function isNumber({ type }: Column): boolean {
  return type === Column_Type.INTEGER || type === Column_Type.DECIMAL || type === Column_Type.NUMBER;
}

/** A value for people. */
export function cellText(value: Value, column: Column): string {
  const content = plain(value);
  if (content === undefined || content === null) return "-";
  if (typeof content === "number") return column.type === Column_Type.INTEGER ? grouped(content) : rounded(content);
  if (column.type === Column_Type.DECIMAL) return groupedDecimal(String(content));
  const text = String(content);
  return text === "" ? "(none)" : text;
}

/** Times only as precise as they differ: the offset is in the line below the table. */
function shortTimes(result: Result): readonly string[] {
  const at = result.columns.findIndex(({ type }) => type === Column_Type.TIME);
  if (at === -1) return [];
  const texts = result.rows.map(({ values }) => String(plain(values[at]!) ?? ""));
  const offsets = new Set(texts.map((text) => text.slice(19)));
  const areDays = texts.every((text) => text.slice(11, 19) === "00:00:00");
  return texts.map((text) => {
    if (areDays) return text.slice(0, 10);
    return `${text.slice(0, 10)} ${text.slice(11, 16)}${offsets.size > 1 ? text.slice(19) : ""}`;
  });
}

/** A value as JSON has it; sums are decimal strings. */
export function plain({ kind }: Value): string | number | boolean | null {
  switch (kind.case) {
    case "stringValue":
    case "numberValue":
    case "boolValue":
      return kind.value;
    default:
      return null;
  }
}
