import type uPlot from "uplot";
import { styleColor } from "../theme/colors.ts";
import { axisMarks } from "./axis-marks.ts";
import type { Series } from "./series.ts";

/** How wide a label of the axis of time is, with the air that it needs. */
const MARK_PX = 72;
const Y_AXIS_PX = 52;
/** Half of the label at the end. */
const END_PX = 32;

/** What the plot's closures read: the newest, so that new values need no new plot. */
export type PlotSource = {
  readonly times: readonly string[];
  readonly formatAxis: (value: number) => string;
};

/** Each line of the chart is two of the plot: what is complete, and dashed what is not. */
export function plotOptions(
  series: readonly Series[],
  size: { readonly width: number; readonly height: number },
  source: () => PlotSource,
  hooks: Pick<uPlot.Hooks.Arrays, "setCursor" | "setSelect">,
): uPlot.Options {
  const quiet = styleColor("--text-3");
  const grid = styleColor("--line");
  const font = `12px ${styleColor("--font")}`;
  return {
    ...size,
    padding: [12, END_PX, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 8 },
      points: { size: 9, width: 2, fill: styleColor("--surface") },
    },
    scales: {
      x: { time: false, range: (_, min, max) => (min === max ? [min - 1, max + 1] : [min, max]) },
      y: { range: (_, min, max) => [Math.min(0, min ?? 0), max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        stroke: quiet,
        font,
        size: 30,
        gap: 8,
        grid: { show: false },
        ticks: { show: false },
        splits: (plot) => {
          const most = Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / MARK_PX));
          return axisMarks(source().times, most).map(({ place }) => plot.data[0][place]!);
        },
        values: (plot) => {
          const most = Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / MARK_PX));
          return axisMarks(source().times, most).map(({ text }) => text);
        },
      },
      {
        stroke: quiet,
        font,
        size: Y_AXIS_PX,
        gap: 8,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        space: 48,
        incrs: [
          0.001,
          0.01,
          0.1,
          0.2,
          0.5,
          ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((e) => [1, 2, 5].map((n) => n * 10 ** e)),
        ],
        values: (_, splits) => splits.map((value) => source().formatAxis(value)),
      },
    ],
    series: [{}, ...series.flatMap((one) => [line(one, false), line(one, true)])],
    hooks,
  };
}

function line(series: Series, isOpen: boolean): uPlot.Series {
  const isBefore = series.style === "before";
  const dash = isBefore ? [4, 4] : isOpen ? [3, 4] : series.dash;
  const stroke = isBefore
    ? styleColor("--before")
    : styleColor(series.style === "main" ? "--accent" : `--series-${(series.color ?? 0) + 1}`);
  return {
    stroke,
    width: isBefore ? 1.5 : 2,
    ...(dash && { dash: [...dash] }),
    ...(series.style === "main" && { fill: areaFill }),
    points: {
      show: () => false,
      // A value without neighbours is no line: it needs a point to be seen.
      filter: (plot, place) => lonePlaces(plot.data[place]!, plot.data[place + (isOpen ? -1 : 1)]!),
      size: 6,
      fill: stroke,
    },
    spanGaps: false,
  };
}

/** The places of values beside which there is none, neither in the list nor in the one that goes on or came before. */
function lonePlaces(values: ArrayLike<unknown>, others: ArrayLike<unknown>): number[] | null {
  const isThere = (place: number): boolean => (values[place] ?? others[place] ?? null) !== null;
  const places: number[] = [];
  for (let place = 0; place < values.length; place++) {
    if ((values[place] ?? null) !== null && !isThere(place - 1) && !isThere(place + 1)) places.push(place);
  }
  return places.length > 0 ? places : null;
}

function areaFill(plot: uPlot): CanvasGradient {
  const { top, height } = plot.bbox;
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, styleColor("--area-top"));
  gradient.addColorStop(1, styleColor("--area-bottom"));
  return gradient;
}
