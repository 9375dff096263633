import type { Panel } from "./panel.ts";

/** Where a panel stands, in Grafana's units. */
export type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };

/** The width of a row. */
export const WIDTH = 24;
const NUMBER_HEIGHT = 4;
const LINES_HEIGHT = 8;
/** Eight numbers or three graphs stand beside each other; more are hard to read. */
const NUMBERS_MAX = 8;
const LINES_MAX = 3;

/** Places panels from left to right, from `top` down: numbers first, each line filled to its width. */
export function placePanels(panels: readonly Panel[], top: number): { places: Place[]; bottom: number } {
  const numbers = panels.filter(isNumber);
  const graphs = panels.filter((panel) => !isNumber(panel));
  const placed = new Map<Panel, Place>();
  const middle = placeLines(numbers, top, { perLine: NUMBERS_MAX, height: NUMBER_HEIGHT }, placed);
  const bottom = placeLines(graphs, middle, { perLine: LINES_MAX, height: LINES_HEIGHT }, placed);
  return { places: panels.map((panel) => placed.get(panel)!), bottom };
}

function placeLines(
  panels: readonly Panel[],
  top: number,
  { perLine, height }: { readonly perLine: number; readonly height: number },
  placed: Map<Panel, Place>,
): number {
  const lines = Math.ceil(panels.length / perLine);
  let y = top;
  for (let line = 0; line < lines; line++) {
    // As many in each line as in the others, or one more: no graph is left alone under two full lines.
    const from = Math.ceil((panels.length * line) / lines);
    const to = Math.ceil((panels.length * (line + 1)) / lines);
    for (let index = from; index < to; index++) {
      const x = Math.round((WIDTH * (index - from)) / (to - from));
      const right = Math.round((WIDTH * (index - from + 1)) / (to - from));
      placed.set(panels[index]!, { x, y, w: right - x, h: height });
    }
    y += height;
  }
  return y;
}

function isNumber({ kind }: Panel): boolean {
  return kind === "number";
}
