import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Column, Column_Role, Column_Type } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ChartOptions, condensed } from "../output/chart/result-chart.ts";
import { seriesChart } from "../output/chart/series-chart.ts";
import { sparkline } from "../output/chart/sparkline.ts";
import { valueSoFar } from "../output/chart/to-come.ts";
import { cellText, plain, titleOf } from "../output/result.ts";
import { fitted, printable, textWidth } from "../output/text-width.ts";
import type { Link } from "./follow.ts";
import type { LiveAnswer, LiveRow } from "./live-answer.ts";

/** The answers that a watch shows: each metric over the range and over time; the same by the dimensions, if there are. */
export type WatchedAnswers = {
  readonly total: LiveAnswer;
  readonly series: LiveAnswer;
  readonly byTotal?: LiveAnswer;
  readonly bySeries?: LiveAnswer;
};

/** All that a frame shows. */
export type WatchState = WatchedAnswers & {
  /** What is watched, such as "demo, last 30m". */
  readonly subject: string;
  readonly link: Link;
  readonly isPaused: boolean;
  readonly nowMs: number;
};

export type FrameOptions = ChartOptions & { readonly height: number };

/** How long a changed value stands out. */
export const HIGHLIGHT_MS = 1_200;
/** Coarse tiers are stored once a minute: only what is older than that is worth a word. */
const STALE_MS = 90_000;
const CHART_HEIGHT_MIN = 4;
const CHART_HEIGHT_MAX = 12;
const CHART_FRAME_LINES = 4;
const SPARK_MIN = 6;
const SPARK_MAX = 60;
/** From this width on long names make space for the values over time. */
const SPARK_FROM = 60;
const SPARK_RESERVED = 32;
const GAP = 2;
const LABEL_MIN = 8;

/** The lines of a frame, at most as many as there is height. */
export function watchFrame(state: WatchState, options: FrameOptions): readonly string[] {
  const why = state.link.state === "lost" ? options.paint("dim", fitted(printable(state.link.why), options.width)) : "";
  const head = [heading(state, options), why];
  const foot = [
    options.paint("dim", fitted(state.isPaused ? "q quit   space go on" : "q quit   space pause", options.width)),
  ];
  const space = Math.max(0, options.height - head.length - foot.length - 1);
  const body = state.total.whole === undefined ? ["Waiting for the first answer ..."] : bodyOf(state, options, space);
  const fill = new Array<string>(Math.max(0, space - body.length)).fill("");
  const lines = [...head, ...body.slice(0, space), ...fill, "", ...foot];
  return lines.slice(0, options.height);
}

/** What stays in the scrollback when watching has ended. */
export function lastFrame(state: WatchState, options: FrameOptions): readonly string[] {
  if (state.total.whole === undefined) return [];
  return [heading(state, options), "", ...bodyOf(state, options, options.height - 4)];
}

function bodyOf(state: WatchState, options: FrameOptions, space: number): readonly string[] {
  if (state.byTotal === undefined) return charts(state, options, space);
  const all = headlines(state, options);
  const table = breakdown(state, options, space - all.length - 1);
  // The first metric as a chart where the table leaves the space for it.
  const left = space - all.length - table.length - 1 - CHART_FRAME_LINES;
  const chart = left < CHART_HEIGHT_MIN ? [] : metricChart(state, options, 0, Math.min(CHART_HEIGHT_MAX, left));
  const totals = chart.length === 0 ? all : all.slice(1);
  return [...chart, ...totals, ...(totals.length === 0 ? [] : [""]), ...table];
}

function heading(state: WatchState, { width, paint, isUnicode }: FrameOptions): string {
  const { text, style } = linkText(state, isUnicode);
  const shown = fitted(text, width);
  const space = width - textWidth(shown) - GAP;
  const title = `Millrace  ${state.subject}`;
  const left = fitted(textWidth(title) > space ? state.subject : title, Math.max(0, space));
  // Where there is no space for both, how fresh the numbers are matters more.
  if (space < 12) return paint(style, shown);
  const between = " ".repeat(width - textWidth(left) - textWidth(shown));
  return `${paint("bold", left)}${between}${paint(style, shown)}`;
}

function linkText(state: WatchState, isUnicode: boolean) {
  const { link, isPaused, nowMs, total } = state;
  const asOf = total.watermark === undefined ? "" : `as of ${clockText(total.watermark, total.whole?.timeZone)}`;
  if (link.state === "lost") {
    return { text: `${isUnicode ? "○" : "o"} reconnecting  ${asOf}`, style: "yellow" as const };
  }
  if (link.state === "connecting") return { text: "connecting", style: "dim" as const };
  if (isPaused) return { text: `${isUnicode ? "‖" : "="} paused  ${asOf}`, style: "yellow" as const };
  const age = total.watermark === undefined ? 0 : nowMs - timestampMs(total.watermark);
  const late = age > STALE_MS ? ` (${Math.round(age / 1_000)} s ago)` : "";
  return { text: `${isUnicode ? "●" : "*"} live  ${asOf}${late}`, style: "green" as const };
}

function clockText(time: Timestamp, timeZone: string | undefined): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timeZone || "UTC" }).format(timestampMs(time));
}

/** Each metric as large as the height allows; where that is too little, as a line. */
function charts(state: WatchState, options: FrameOptions, space: number): readonly string[] {
  const metrics = metricsOf(state.series.columns);
  const each = Math.floor(space / Math.max(1, metrics.length)) - CHART_FRAME_LINES;
  if (each < CHART_HEIGHT_MIN) return headlines(state, options);
  return metrics.flatMap((_, index) => metricChart(state, options, index, Math.min(CHART_HEIGHT_MAX, each)));
}

/** A metric over time, with its value over the range, and an empty line below. */
function metricChart(state: WatchState, options: FrameOptions, index: number, height: number): readonly string[] {
  const { columns } = state.series;
  const at = metricsOf(columns)[index];
  const time = columns.findIndex(({ role }) => role === Column_Role.TIME);
  const column = at === undefined ? undefined : columns[at];
  if (at === undefined || column === undefined) return [];
  const rows = state.series.rows().map(({ row }) => row);
  const init = {
    title: `${options.paint("bold", titleOf(column))}  ${totalText(state, column, options)}`,
    times: rows.map(({ values }) => String(plain(values[time]!))),
    values: seriesOf(state.series, column.name, () => true),
    texts: rows.map(({ values }) => cellText(values[at]!, column)),
    previous: undefined,
    isWhole: column.type === Column_Type.INTEGER,
  };
  return [...seriesChart(init, { ...options, height }), ""];
}

/** A line for each metric: its value over the range, and over time. */
function headlines(state: WatchState, options: FrameOptions): readonly string[] {
  const { columns } = state.total;
  const metrics = metricsOf(columns);
  const titles = metrics.map((at) => titleOf(columns[at]!));
  const texts = metrics.map((at) => valueText(state.total.rows()[0], at, columns[at]!));
  const titleWidth = Math.min(greatest(titles.map(textWidth)), Math.max(LABEL_MIN, Math.floor(options.width / 3)));
  const textsWidth = greatest(texts.map((text) => text.length));
  const rest = options.width - titleWidth - textsWidth - 2 * GAP;
  return metrics.map((at, index) => {
    const title = fitted(titles[index]!, titleWidth);
    const isFresh = changed(state.total.rows()[0], at, state.nowMs);
    const value = `${" ".repeat(textsWidth - texts[index]!.length)}${options.paint(isFresh ? ["bold", "green"] : "bold", texts[index]!)}`;
    const label = title + " ".repeat(titleWidth - textWidth(title));
    if (rest < SPARK_MIN) return `${label}  ${value}`;
    const values = seriesOf(state.series, columns[at]!.name, () => true);
    return `${label}  ${value}  ${spark(values, Math.min(rest, SPARK_MAX), options)}`;
  });
}

function totalText(state: WatchState, { name }: Column, { paint }: FrameOptions): string {
  const at = state.total.columns.findIndex((column) => column.name === name && column.role === Column_Role.METRIC);
  const [row] = state.total.rows();
  if (at === -1) return "";
  const text = valueText(row, at, state.total.columns[at]!);
  return paint(changed(row, at, state.nowMs) ? ["bold", "green"] : "bold", text);
}

/** A line for each tuple of dimensions: its values over the range, and the first metric over time. */
function breakdown(state: WatchState, options: FrameOptions, space: number): readonly string[] {
  const answer = state.byTotal!;
  const { columns } = answer;
  const all = answer.rows();
  if (all.length === 0) return ["Nothing was counted in this range yet."];
  const shown = all.slice(0, Math.max(1, space - 1));
  const metrics = metricsOf(columns);
  const dimensions = [...columns.keys()].filter((at) => columns[at]!.role === Column_Role.DIMENSION);
  const kept = [...dimensions, ...metrics];
  const cells = shown.map((row) => kept.map((at) => printable(valueText(row, at, columns[at]!))));
  const titles = kept.map((at) => titleOf(columns[at]!));
  const natural = kept.map((_, index) =>
    greatest([textWidth(titles[index]!), ...cells.map((row) => textWidth(row[index]!))]),
  );
  const widths = narrowed(
    natural,
    dimensions.length,
    options.width - (options.width < SPARK_FROM ? 0 : SPARK_RESERVED),
  );
  const rest = options.width - widths.reduce((sum, width) => sum + width + GAP, 0);
  const first = columns[metrics[0]!]!;
  const line = (texts: readonly string[], styled: (text: string, index: number) => string) =>
    texts
      .map((text, index) => aligned(text, widths[index]!, index >= dimensions.length, (part) => styled(part, index)))
      .join("  ");
  const head = options.paint(
    "bold",
    line(titles, (text) => text),
  );
  const body = shown.map((row, at) => {
    const styled = (text: string, index: number) =>
      changed(row, kept[index]!, state.nowMs) ? options.paint(["bold", "green"], text) : text;
    const text = line(cells[at]!, styled);
    if (rest < SPARK_MIN || state.bySeries === undefined) return text;
    const values = seriesOf(state.bySeries, first.name, sameDimensions(state.bySeries, answer, row));
    return `${text}  ${spark(values, Math.min(rest, SPARK_MAX), options)}`;
  });
  const title =
    rest < SPARK_MIN || state.bySeries === undefined
      ? head
      : `${head}  ${options.paint("bold", fitted(`${first.name} over time`, rest))}`;
  return [title, ...body];
}

function aligned(text: string, width: number, isRight: boolean, styled: (text: string) => string): string {
  const shown = fitted(text, width);
  const space = " ".repeat(Math.max(0, width - textWidth(shown)));
  return isRight ? space + styled(shown) : styled(shown) + space;
}

/** Takes width from the dimensions until the line fits. */
function narrowed(natural: readonly number[], dimensions: number, total: number): readonly number[] {
  const widths = [...natural];
  const used = () => widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
  while (used() > total) {
    let widest = -1;
    for (let at = 0; at < dimensions; at++) {
      if (widths[at]! > LABEL_MIN && (widest === -1 || widths[at]! > widths[widest]!)) widest = at;
    }
    if (widest === -1) return widths;
    widths[widest]! -= 1;
  }
  return widths;
}

function sameDimensions(series: LiveAnswer, answer: LiveAnswer, row: LiveRow): (other: LiveRow) => boolean {
  const wanted = dimensionsOf(answer, row);
  return (other) => dimensionsOf(series, other) === wanted;
}

function dimensionsOf({ columns }: LiveAnswer, { row }: LiveRow): string {
  return JSON.stringify(
    row.values.filter((_, at) => columns[at]!.role === Column_Role.DIMENSION).map((value) => plain(value)),
  );
}

function seriesOf(answer: LiveAnswer, metric: string, matches: (row: LiveRow) => boolean) {
  const at = answer.columns.findIndex(({ name, role }) => name === metric && role === Column_Role.METRIC);
  const time = answer.columns.findIndex(({ role }) => role === Column_Role.TIME);
  const some = answer.rows().filter(matches);
  return some.map(({ row: { values } }) =>
    valueSoFar(numberOf(values[at]), String(plain(values[time]!)), answer.watermark),
  );
}

function spark(values: readonly (number | undefined)[], width: number, { isUnicode, paint }: FrameOptions): string {
  return paint("cyan", sparkline(condensed(values, width), { width, isUnicode }));
}

function metricsOf(columns: readonly Column[]): readonly number[] {
  return columns.flatMap(({ role }, at) => (role === Column_Role.METRIC ? [at] : []));
}

function valueText(row: LiveRow | undefined, at: number, column: Column): string {
  const value = row?.row.values[at];
  return value === undefined ? "-" : cellText(value, column);
}

function changed(row: LiveRow | undefined, at: number, nowMs: number): boolean {
  const changedAtMs = row?.changedAtMs[at] ?? 0;
  return changedAtMs > 0 && nowMs - changedAtMs < HIGHLIGHT_MS;
}

function numberOf(value: Parameters<typeof plain>[0] | undefined): number | undefined {
  const content = value === undefined ? null : plain(value);
  return content === null ? undefined : Number(content);
}

function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
