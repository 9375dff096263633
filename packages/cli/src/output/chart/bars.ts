import type { Paint } from "../../terminal/color.ts";
import { fitted, printable, textWidth } from "../text-width.ts";
import { changeText } from "./change.ts";

/** One bar: what it is of, its value and how that is written, and the value of the range compared with. */
export type Bar = {
  readonly label: string;
  readonly value: number | undefined;
  readonly text: string;
  readonly previous?: number | undefined;
};

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LABEL_PART_MAX = 0.4;
const BAR_WIDTH_MIN = 5;
/** Longer ones tell no more. */
const BAR_WIDTH_MAX = 60;

/** Bars beside each other's values, the longest as long as there is space. Values below zero have none. */
export function bars(
  some: readonly Bar[],
  options: { readonly width: number; readonly isUnicode: boolean; readonly paint: Paint; readonly hasChange: boolean },
): string[] {
  const { width, isUnicode, paint } = options;
  const labels = some.map(({ label }) => printable(label));
  const changes = some.map(({ value, previous }) => (options.hasChange ? changeText(value, previous) : ""));
  const labelWidth = Math.min(greatest(labels.map(textWidth)), Math.max(8, Math.floor(width * LABEL_PART_MAX)));
  const textsWidth = greatest(some.map(({ text }) => text.length));
  const changeWidth = greatest(changes.map((text) => text.length));
  const rest = width - labelWidth - textsWidth - (changeWidth === 0 ? 0 : changeWidth + 2) - 4;
  const space = Math.min(BAR_WIDTH_MAX, Math.max(BAR_WIDTH_MIN, rest));
  const most = greatest(some.flatMap(({ value, previous }) => [value ?? 0, previous ?? 0]));
  return some.map(({ value, previous, text }, at) => {
    const label = fitted(labels[at]!, labelWidth);
    const cells = barCells(value ?? 0, most, space, isUnicode);
    const shown = marked(cells, previous, { most, space, isUnicode, paint });
    const change = changes[at] === "" ? "" : `  ${changes[at]!.padStart(changeWidth)}`;
    const parts = [label + " ".repeat(labelWidth - textWidth(label)), text.padStart(textsWidth), shown];
    const line = `${parts[0]}  ${parts[1]}${change}  ${parts[2]}`;
    return line.trimEnd();
  });
}

function barCells(value: number, most: number, space: number, isUnicode: boolean): string {
  if (value <= 0 || most <= 0) return "";
  const eighths = Math.max(1, Math.round((value / most) * space * 8));
  if (!isUnicode) return "#".repeat(Math.max(1, Math.round(eighths / 8)));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

/** The bar, with a mark where the value compared with would end. */
function marked(
  cells: string,
  previous: number | undefined,
  { most, space, isUnicode, paint }: { most: number; space: number; isUnicode: boolean; paint: Paint },
): string {
  if (previous === undefined || most <= 0) return paint("cyan", cells);
  const at = Math.min(space - 1, Math.max(0, Math.round((previous / most) * space) - 1));
  const padded = cells.padEnd(at + 1);
  const mark = paint("yellow", isUnicode ? "┃" : "|");
  return paint("cyan", padded.slice(0, at)) + mark + paint("cyan", padded.slice(at + 1));
}

function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
