import type { Value } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type Column as ColumnMessage,
  type Result,
  Column_Role as Role,
  type Row as RowMessage,
  Row_State as State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Comparison, Granularity } from "./question.ts";

/** A metric's value: a number or, where asked for, exact decimal text; null where there is none to tell. */
export type MetricValue<Exact extends boolean = false> = (Exact extends true ? string : number) | null;

/**
 * A row of an answer: its metrics and dimensions by name (a dimension's value is empty where events have none), `time`
 * with a granularity (the start of the bucket, RFC 3339 with the zone's offset), and what is known about it.
 */
export type Row<
  Metric extends string = string,
  Dimension extends string = never,
  Series extends Granularity = never,
  Compared extends Comparison = never,
  Exact extends boolean = false,
> = { readonly [Name in Metric]: MetricValue<Exact> } & { readonly [Name in Dimension]: string } & RowFacts &
  ([Series] extends [never] ? unknown : { readonly time: string }) &
  ([Compared] extends [never] ? unknown : { readonly $compared: { readonly [Name in Metric]: MetricValue<Exact> } });

/** What is known about a row. */
export type RowFacts = {
  /** True when no event can change it any more. */
  readonly $final: boolean;
  /** True when the row is, or contains, the tail that was put together as "(other)". */
  readonly $other: boolean;
};

/** What the values of a column mean. */
export type Column = {
  /** "time", the dimension, or the metric. */
  readonly name: string;
  readonly role: "time" | "dimension" | "metric" | "compared";
  /** Empty where the values have none. */
  readonly unit: string;
  /** True when every value is exact. */
  readonly exact: boolean;
  /** For estimates: the relative standard error (uniques), or the greatest relative error (quantiles). */
  readonly relativeError: number;
};

/** The answer to a question, or a page of it. */
export type Answer<AnyRow> = {
  readonly rows: readonly AnyRow[];
  readonly columns: readonly Column[];
  /** Everything that was durable at this moment is in the answer; perhaps more is. */
  readonly watermark: Date | undefined;
  /** The range that was answered, after widening to whole buckets: from inclusive, to exclusive. */
  readonly range: { readonly from: Date; readonly to: Date } | undefined;
  readonly timeZone: string;
  /** What a reader should know, for people. */
  readonly notices: readonly string[];
  /** Asks for the next page. Absent: this is the last. */
  readonly nextPageToken?: string;
};

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
