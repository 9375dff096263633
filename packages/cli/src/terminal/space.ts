import type { ChartOptions } from "../output/chart/result-chart.ts";
import { painter, wantsColor } from "./color.ts";
import { showsUnicode } from "./locale.ts";

/** The width of what is drawn into files and pipes. */
const DRAWN_WIDTH = 80;
const WIDTH_MIN = 20;

/** How charts are drawn on standard output. */
export function chartOptions(): ChartOptions {
  const width = process.stdout.isTTY === true ? process.stdout.columns || DRAWN_WIDTH : DRAWN_WIDTH;
  return { width: Math.max(WIDTH_MIN, width), isUnicode: showsUnicode(), paint: painter(wantsColor()) };
}
