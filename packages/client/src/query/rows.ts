import { timestampDate, type Value } from "@bufbuild/protobuf/wkt";
import {
  type Column as ColumnMessage,
  type Result,
  Column_Role as Role,
  type Row as RowMessage,
  Row_State as State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Answer, Column, MetricValue } from "./answer.ts";

/** A row whose names only the question knows. */
export type PlainRow = { [name: string]: unknown; time?: string };

const ROLES: Readonly<Partial<Record<Role, Column["role"]>>> = {
  [Role.TIME]: "time",
  [Role.DIMENSION]: "dimension",
  [Role.METRIC]: "metric",
  [Role.COMPARISON]: "compared",
};

/** What an answer says beside its rows. */
export function factsOf(result: Result): Omit<Answer<never>, "rows"> {
  const { startTime, endTime } = result.timeRange ?? {};
  return {
    columns: result.columns.map(toColumn),
    watermark: result.watermark && timestampDate(result.watermark),
    range: startTime && endTime && { from: timestampDate(startTime), to: timestampDate(endTime) },
    timeZone: result.timeZone,
    notices: result.notices,
    ...(result.nextPageToken !== "" && { nextPageToken: result.nextPageToken }),
  };
}

/** A row by the names of its columns. */
export function toRow(columns: readonly Column[], message: RowMessage, exact: boolean): PlainRow {
  const row: PlainRow = {};
  let compared: Record<string, MetricValue<boolean>> | undefined;
  columns.forEach(({ name, role }, i) => {
    const value = message.values[i];
    if (role === "metric") {
      row[name] = metricValue(value, exact);
    } else if (role === "compared") {
      compared ??= {};
      compared[name] = metricValue(value, exact);
    } else {
      row[name] = value?.kind.case === "stringValue" ? value.kind.value : "";
    }
  });
  if (compared !== undefined) row["$compared"] = compared;
  row["$final"] = message.state === State.FINAL;
  row["$other"] = message.other;
  return row;
}

function toColumn({ name, role, unit, exact, relativeError }: ColumnMessage): Column {
  return { name, role: ROLES[role] ?? "metric", unit, exact, relativeError };
}

function metricValue(value: Value | undefined, exact: boolean): MetricValue<boolean> {
  const { kind } = value ?? {};
  if (kind?.case !== "stringValue" && kind?.case !== "numberValue") return null;
  return exact ? String(kind.value) : Number(kind.value);
}
