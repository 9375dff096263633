import type { Paint } from "../../terminal/color.ts";
import { textWidth } from "../text-width.ts";
import { bucketSpan, hasColumns, plot, type Series } from "./plot.ts";
import { abbreviated, scaleOf } from "./scale.ts";
import { timeAxis, timeLabels } from "./time-axis.ts";

/** One metric over time. */
export type SeriesInit = {
  readonly title: string;
  /** The starts of the buckets, RFC 3339 with the zone's offset. */
  readonly times: readonly string[];
  readonly values: Series;
  /** The values for people. */
  readonly texts: readonly string[];
  readonly previous: Series | undefined;
  readonly isWhole: boolean;
};

const HEIGHT = 10;
const STEPS_MAX = 5;

/** A title with the latest and the greatest value, the values as columns or a line, and both axes. */
export function seriesChart(
  { title, times, values, texts, previous, isWhole }: SeriesInit,
  options: { readonly width: number; readonly isUnicode: boolean; readonly paint: Paint; readonly height?: number },
): string[] {
  const { isUnicode, paint } = options;
  const present = [...values, ...(previous ?? [])].filter((value) => value !== undefined);
  const { scale, steps, height } = fittedScale(present, options.height ?? HEIGHT, isWhole);
  const labelAt = new Map<number, string>();
  for (let at = 0; at <= steps; at++) {
    const value = scale.from + at * scale.step;
    // A step's label stands beside the line that the value is in; the lowest beside the axis.
    labelAt.set(height - (at * height) / steps, abbreviated(Number(value.toPrecision(12))));
  }
  const labelWidth = Math.max(...[...labelAt.values()].map((label) => label.length));
  const width = Math.max(8, options.width - labelWidth - 3);
  const rows = plot(values, { width, height, scale, isUnicode, previous }).lines(paint);
  const [bar, tick, corner, line] = isUnicode ? ["│", "┤", "└", "─"] : ["|", "+", "+", "-"];
  const lines = rows.map((row, y) => {
    const label = labelAt.get(y);
    return `${(label ?? "").padStart(labelWidth)} ${paint("dim", label === undefined ? bar : tick)}${row === "" ? "" : ` ${row}`}`;
  });
  const used = hasColumns(values, { width, scale }) ? bucketSpan(values.length - 1, values.length, width)[1] : width;
  const bottom = labelAt.get(height) ?? "";
  lines.push(`${bottom.padStart(labelWidth)} ${paint("dim", corner + line.repeat(used + 1))}`);
  const startOf = (at: number) =>
    hasColumns(values, { width, scale })
      ? bucketSpan(at, values.length, width)[0]
      : Math.round((at / Math.max(1, values.length - 1)) * (width - 1));
  lines.push(`${" ".repeat(labelWidth + 3)}${timeAxis(times, startOf, Math.max(used, 12))}`.trimEnd());
  return [summarized(title, { times, values, texts }, options.width), ...lines];
}

/** The scale whose steps are all of the same height, with as much of the height as that leaves. */
function fittedScale(values: readonly number[], heightMax: number, isWhole: boolean) {
  let best = { scale: scaleOf(values, 1, isWhole), steps: 1, height: 0 };
  for (let most = Math.min(STEPS_MAX, Math.floor(heightMax / 2)); most >= 1; most--) {
    const scale = scaleOf(values, most, isWhole);
    const steps = Math.round((scale.to - scale.from) / scale.step);
    const height = Math.floor(heightMax / steps) * steps;
    if (height > best.height) best = { scale, steps, height };
  }
  return best;
}

/** The title with the latest and the greatest value, as far as there is space. */
function summarized(
  title: string,
  { times, values, texts }: Pick<SeriesInit, "times" | "values" | "texts">,
  width: number,
) {
  let greatest = -1;
  for (const [at, value] of values.entries()) {
    if (value !== undefined && (greatest === -1 || value > values[greatest]!)) greatest = at;
  }
  if (greatest === -1) return title;
  const latest = `${title}  latest ${texts[values.findLastIndex((value) => value !== undefined)]}`;
  const all = `${latest}, greatest ${texts[greatest]} (${timeLabels(times)[greatest]})`;
  return [all, latest].find((text) => textWidth(text) <= width) ?? title;
}
