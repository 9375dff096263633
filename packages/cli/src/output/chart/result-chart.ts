import {
  type Column,
  Column_Role,
  Column_Type,
  type Result,
  Row_State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Paint } from "../../terminal/color.ts";
import { cellText, footer, plain, titleOf } from "../result.ts";
import { fitted, printable, textWidth } from "../text-width.ts";
import { bars } from "./bars.ts";
import { changeText } from "./change.ts";
import { seriesChart } from "./series-chart.ts";
import { sparkline } from "./sparkline.ts";
import { valueSoFar } from "./to-come.ts";

/** In how much space, and in what characters, charts are drawn. */
export type ChartOptions = { readonly width: number; readonly isUnicode: boolean; readonly paint: Paint };

const LABEL_PART_MAX = 0.4;

/**
 * A result as charts, one for each metric: a series as columns or a line, series by dimension as a short line each, a
 * breakdown as bars.
 */
export function resultChart(result: Result, hints: readonly string[], options: ChartOptions): string {
  if (result.rows.length === 0) {
    return ["No rows: nothing was counted in this range.", ...footer(result, false), ...hints].join("\n");
  }
  const charts = metricsOf(result).map((metric) => {
    const title = options.paint("bold", titleOf(result.columns[metric]!));
    return [...lines(result, metric, title, options), ""].join("\n");
  });
  const marks = result.rows.some(({ state }) => state === Row_State.PROVISIONAL);
  const below = footer(result, false).slice(1);
  if (marks) below.unshift("The latest values are provisional: events may still arrive for them.");
  if (result.comparisonTimeRange !== undefined) below.unshift(previousLegend(result, options));
  return `${charts.join("\n")}\n${[...below, ...hints].join("\n")}`;
}

function lines(result: Result, metric: number, title: string, options: ChartOptions): readonly string[] {
  const hasTime = indexOf(result, Column_Role.TIME) !== -1;
  const hasDimensions = indexOf(result, Column_Role.DIMENSION) !== -1;
  if (hasTime)
    return hasDimensions ? seriesRows(result, metric, title, options) : oneSeries(result, metric, title, options);
  if (hasDimensions) return [title, ...breakdown(result, metric, options)];
  const column = result.columns[metric]!;
  const [row] = result.rows;
  const change = changeText(numberAt(row, metric), numberAt(row, comparisonOf(result, metric)));
  return [`${title}  ${cellText(row!.values[metric]!, column)}${change === "" ? "" : `  ${change}`}`];
}

function oneSeries(result: Result, metric: number, title: string, options: ChartOptions): readonly string[] {
  const time = indexOf(result, Column_Role.TIME);
  const previous = comparisonOf(result, metric);
  const timeAt = (row: Result["rows"][number]) => String(plain(row.values[time]!));
  const values = result.rows.map((row) => valueSoFar(numberAt(row, metric), timeAt(row), result.watermark));
  return seriesChart(
    {
      title,
      times: result.rows.map(timeAt),
      values,
      texts: result.rows.map((row) => cellText(row.values[metric]!, result.columns[metric]!)),
      previous: previous === -1 ? undefined : result.rows.map((row) => numberAt(row, previous)),
      isWhole: result.columns[metric]!.type === Column_Type.INTEGER,
    },
    options,
  );
}

/** For each tuple of dimensions a line of its values over time, each to its own scale, the greatest first. */
function seriesRows(result: Result, metric: number, title: string, options: ChartOptions): readonly string[] {
  const time = indexOf(result, Column_Role.TIME);
  const series = new Map<string, (number | undefined)[]>();
  const latest = new Map<string, string>();
  for (const row of result.rows) {
    const label = printable(labelOf(result, row));
    const value = valueSoFar(numberAt(row, metric), String(plain(row.values[time]!)), result.watermark);
    const values = series.get(label) ?? [];
    values.push(value);
    series.set(label, values);
    if (value !== undefined) latest.set(label, cellText(row.values[metric]!, result.columns[metric]!));
  }
  const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((all, value) => all + (value ?? 0), 0);
  const shown = [...series].sort(([, a], [, b]) => sum(b) - sum(a));
  const labelWidth = Math.min(
    Math.max(...shown.map(([label]) => textWidth(label))),
    Math.floor(options.width * LABEL_PART_MAX),
  );
  const latestWidth = Math.max(6, ...[...latest.values()].map((text) => text.length));
  const width = Math.max(8, options.width - labelWidth - latestWidth - 4);
  const lines = shown.map(([label, values]) => {
    const text = fitted(label, labelWidth);
    const line = sparkline(condensed(values, width), { width, isUnicode: options.isUnicode });
    const value = (latest.get(label) ?? "-").padStart(latestWidth);
    return `${text}${" ".repeat(labelWidth - textWidth(text))}  ${value}  ${options.paint("cyan", line)}`;
  });
  return [`${title}  the latest value, and all over time, each to its own scale`, ...lines];
}

/** No more values than there is space for: each the greatest of its neighbours. */
export function condensed(values: readonly (number | undefined)[], width: number): readonly (number | undefined)[] {
  if (values.length <= width) return values;
  return Array.from({ length: width }, (_, x) => {
    const from = Math.floor((x * values.length) / width);
    const some = values.slice(from, Math.floor(((x + 1) * values.length) / width)).filter((each) => each !== undefined);
    return some.length === 0 ? undefined : Math.max(...some);
  });
}

function breakdown(result: Result, metric: number, options: ChartOptions): readonly string[] {
  const previous = comparisonOf(result, metric);
  const some = result.rows.map((row) => ({
    label: labelOf(result, row),
    value: numberAt(row, metric),
    text: cellText(row.values[metric]!, result.columns[metric]!),
    previous: numberAt(row, previous),
  }));
  return bars(some, { ...options, hasChange: previous !== -1 });
}

function previousLegend(result: Result, { isUnicode }: ChartOptions): string {
  const isSeries = indexOf(result, Column_Role.TIME) !== -1;
  const mark = isSeries ? (isUnicode ? "╌" : "-") : isUnicode ? "┃" : "|";
  return `${mark} the range compared with`;
}

function metricsOf({ columns }: Result): readonly number[] {
  return columns.flatMap(({ role }, at) => (role === Column_Role.METRIC ? [at] : []));
}

function indexOf({ columns }: Result, role: Column_Role): number {
  return columns.findIndex((column) => column.role === role);
}

/** The column of the same metric for the other range; -1 where there is none. */
function comparisonOf({ columns }: Result, metric: number): number {
  const { name } = columns[metric]!;
  return columns.findIndex((column: Column) => column.role === Column_Role.COMPARISON && column.name === name);
}

function labelOf(result: Result, row: Result["rows"][number]): string {
  const texts = row.values.flatMap((value, at) => {
    const column = result.columns[at]!;
    return column.role === Column_Role.DIMENSION ? [cellText(value, column)] : [];
  });
  return texts.join(" · ");
}

function numberAt(row: Result["rows"][number] | undefined, at: number): number | undefined {
  const value = row?.values[at];
  const content = value === undefined ? undefined : plain(value);
  return content === undefined || content === null ? undefined : Number(content);
}
