import type { Paint, Style } from "../../terminal/color.ts";

/** Characters in rows and columns, from the top left. */
export class Grid {
  readonly width: number;
  readonly height: number;
  readonly #characters: string[][];
  readonly #styles: (Style | undefined)[][];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#characters = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
    this.#styles = Array.from({ length: height }, () => new Array<Style | undefined>(width).fill(undefined));
  }

  /** The character at a place; a space outside of the grid. */
  at(x: number, y: number): string {
    return this.#characters[y]?.[x] ?? " ";
  }

  /** Puts a character; outside of the grid nothing happens. */
  put(x: number, y: number, character: string, style?: Style): void {
    const row = this.#characters[y];
    if (row === undefined || x < 0 || x >= this.width) return;
    row[x] = character;
    this.#styles[y]![x] = style;
  }

  /** The rows as text, each without spaces at its end. */
  lines(paint: Paint): string[] {
    return this.#characters.map((row, y) => {
      let end = row.length;
      while (end > 0 && row[end - 1] === " ") end -= 1;
      let line = "";
      for (let from = 0; from < end; ) {
        const style = this.#styles[y]![from];
        let to = from + 1;
        while (to < end && this.#styles[y]![to] === style) to += 1;
        const text = row.slice(from, to).join("");
        line += style === undefined ? text : paint(style, text);
        from = to;
      }
      return line;
    });
  }
}
