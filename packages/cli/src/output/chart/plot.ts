import { Grid } from "./grid.ts";
import type { Scale } from "./scale.ts";

/** A value for each bucket, oldest first; undefined where there is none. */
export type Series = readonly (number | undefined)[];

/** What is drawn, in how much space. */
export type PlotOptions = {
  readonly width: number;
  readonly height: number;
  readonly scale: Scale;
  readonly isUnicode: boolean;
  /** The same buckets of the range compared with. */
  readonly previous?: Series | undefined;
};

const EIGHTHS = ["", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/** Wider ones are areas, not columns. */
const COLUMN_WIDTH_MAX = 8;
const VALUE_STYLE = "cyan";
const PREVIOUS_STYLE = "yellow";

/** Whether the values have columns of their own in so much space; else they are drawn as a line. */
export function hasColumns(values: Series, { width, scale }: Pick<PlotOptions, "width" | "scale">): boolean {
  return values.length <= width && scale.from >= 0;
}

/** The columns of the grid that belong to a bucket: from, inclusive, to, exclusive. */
export function bucketSpan(at: number, buckets: number, width: number): readonly [number, number] {
  if (buckets > width) return [Math.floor((at * width) / buckets), Math.floor((at * width) / buckets) + 1];
  const each = Math.min(COLUMN_WIDTH_MAX, Math.floor(width / buckets));
  return [at * each, (at + 1) * each];
}

/** Draws values as columns where they have the space, else as a line. */
export function plot(values: Series, options: PlotOptions): Grid {
  const grid = new Grid(options.width, options.height);
  if (hasColumns(values, options)) drawColumns(grid, values, options);
  else drawLine(grid, values, options);
  return grid;
}

/** A column for each value, in eighths of a character; the value compared with is a mark at its height. */
function drawColumns(grid: Grid, values: Series, { scale, isUnicode, height, width, previous }: PlotOptions): void {
  const eighths = (value: number) => ((value - scale.from) / (scale.to - scale.from)) * height * 8;
  for (const [at, value] of values.entries()) {
    const [from, end] = bucketSpan(at, values.length, width);
    // A space between columns that are wide enough to spare one.
    const to = end - from >= 3 ? end - 1 : end;
    for (let x = from; x < to; x++) {
      if (value !== undefined) {
        // What is more than nothing shows.
        const filled = value > scale.from ? Math.max(1, Math.round(eighths(value))) : 0;
        for (let y = 0; y * 8 < filled; y++) {
          const part = Math.min(8, filled - y * 8);
          const character = isUnicode ? EIGHTHS[part]! : part >= 4 ? "#" : y === 0 ? "." : " ";
          grid.put(x, height - 1 - y, character, VALUE_STYLE);
        }
      }
      const before = previous?.[at];
      // A mark at the bottom would say that there was something.
      if (before !== undefined && before > scale.from) {
        const y = Math.min(height - 1, Math.max(0, Math.round(eighths(before) / 8 - 0.5)));
        grid.put(x, height - 1 - y, isUnicode ? "╌" : "-", PREVIOUS_STYLE);
      }
    }
  }
}

/** The bits of a Braille character, by column and by row from the top (Unicode, chapter 21.1). */
const BRAILLE_BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** A line through the values in dots of Braille, 2 by 4 a character; in ASCII one mark a column. */
function drawLine(grid: Grid, values: Series, options: PlotOptions): void {
  if (options.previous !== undefined) drawDots(grid, options.previous, options, PREVIOUS_STYLE);
  drawDots(grid, values, options, VALUE_STYLE);
}

function drawDots(
  grid: Grid,
  values: Series,
  { scale, isUnicode, width, height }: PlotOptions,
  style: "cyan" | "yellow",
) {
  const [across, down] = isUnicode ? [2, 4] : [1, 1];
  const rows = height * down;
  const dots = width * across;
  const rowOf = (value: number) => Math.round((1 - (value - scale.from) / (scale.to - scale.from)) * (rows - 1));
  const bits = new Map<number, number>();
  let last: number | undefined;
  for (let x = 0; x < dots; x++) {
    const range = rangeAt(values, x, dots);
    if (range === undefined) {
      last = undefined;
      continue;
    }
    let [top, bottom] = [rowOf(range.most), rowOf(range.least)];
    // Joined to the dots before, so that it reads as one line.
    if (last !== undefined && last < top) top = Math.min(bottom, last + 1);
    if (last !== undefined && last > bottom) bottom = Math.max(top, last - 1);
    last = rowOf(range.last);
    for (let y = top; y <= bottom; y++) {
      const place = Math.floor(y / down) * width + Math.floor(x / across);
      bits.set(place, (bits.get(place) ?? 0) | BRAILLE_BITS[x % across]![y % down]!);
    }
  }
  for (const [place, mask] of bits) {
    const [x, y] = [place % width, Math.floor(place / width)];
    grid.put(x, y, isUnicode ? String.fromCodePoint(0x2800 + mask) : style === "cyan" ? "*" : "-", style);
  }
}

/** The least, the greatest and the last of the values that fall on a dot; between two values, what lies between them. */
function rangeAt(values: Series, x: number, dots: number) {
  if (values.length <= dots) {
    const position = dots === 1 ? 0 : (x / (dots - 1)) * (values.length - 1);
    const [before, after] = [values[Math.floor(position)], values[Math.ceil(position)]];
    if (before === undefined || after === undefined) return undefined;
    const value = before + (after - before) * (position - Math.floor(position));
    return { least: value, most: value, last: value };
  }
  const from = Math.floor((x * values.length) / dots);
  const to = Math.max(from + 1, Math.floor(((x + 1) * values.length) / dots));
  const some = values.slice(from, to).filter((value) => value !== undefined);
  if (some.length === 0) return undefined;
  return { least: Math.min(...some), most: Math.max(...some), last: some.at(-1)! };
}
