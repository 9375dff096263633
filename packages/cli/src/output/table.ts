import { painter, wantsColor } from "../terminal/color.ts";
import { typable } from "../terminal/invocation.ts";
import { fitted, printable, textWidth } from "./text-width.ts";

/** One column of a table. */
export type TableColumn = { readonly title: string; readonly align?: "left" | "right" };

const GAP = "  ";
const LEAST_WIDTH = 8;

/**
 * Lays out rows in aligned columns.
 *
 * @param width the columns of the terminal, which the widest texts are cut to fit; undefined: nothing is cut
 * @param isColored whether titles are underlined by control characters
 */
export function layOut(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number | undefined; readonly isColored: boolean },
): string {
  const cells = rows.map((row) => row.map(printable));
  const natural = columns.map(({ title }, at) =>
    cells.reduce((w, row) => Math.max(w, textWidth(row[at] ?? "")), textWidth(title)),
  );
  const widths = options.width === undefined ? natural : narrowed(natural, columns, options.width);
  function line(row: readonly string[]): string {
    const parts = columns.map(({ align }, at) => {
      const text = fitted(row[at] ?? "", widths[at]!);
      const space = " ".repeat(Math.max(0, widths[at]! - textWidth(text)));
      return align === "right" ? space + text : text + space;
    });
    return parts.join(GAP).trimEnd();
  }
  const header = line(columns.map(({ title }) => printable(title)));
  return [painter(options.isColored)("bold", header), ...cells.map(line)].join("\n");
}

/** The columns of the terminal that standard output is, or undefined for files and pipes. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY === true ? process.stdout.columns : undefined;
}

/** A table for the terminal, or what to say when it has no rows. */
export function tableText(columns: readonly TableColumn[], rows: readonly (readonly string[])[], none: string): string {
  const options = { width: terminalWidth(), isColored: wantsColor() };
  return rows.length === 0 ? `${typable(none)}\n` : `${layOut(columns, rows, options)}\n`;
}

/** Takes width from the widest column of text until all fit; numbers are never cut. */
function narrowed(natural: readonly number[], columns: readonly TableColumn[], total: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - total;
  while (excess > 0) {
    let widest = -1;
    for (const [at, { align }] of columns.entries()) {
      if (align !== "right" && widths[at]! > LEAST_WIDTH && (widest === -1 || widths[at]! > widths[widest]!))
        widest = at;
    }
    if (widest === -1) break;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}
