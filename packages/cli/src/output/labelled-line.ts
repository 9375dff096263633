import { painter, type Style, wantsColor } from "../terminal/color.ts";
import { typable } from "../terminal/invocation.ts";
import { printableLines } from "./text-width.ts";

/** How something stands, in a word, and what it is. */
export type Labelled = {
  readonly level: string;
  readonly name: string;
  readonly text: string;
  /** What to do about it; on a line of its own. */
  readonly advice?: string;
};

/** The widths of the columns before the text, in characters. */
export type Widths = { readonly level: number; readonly name: number };

const WIDTH_MIN = 30;

/** Level, name and text in columns; the text is wrapped at the terminal's width, in files and pipes it is one line. */
export function labelledLine({ level, name, text, advice }: Labelled, style: Style, widths: Widths): string {
  const head = `${painter(wantsColor())(style, level.padEnd(widths.level))}  ${name.padEnd(widths.name)}  `;
  const indent = widths.level + widths.name + 4;
  const lines = [
    ...wrapped(printableLines(text), indent),
    ...(advice === undefined ? [] : wrapped(typable(advice), indent)),
  ];
  return typable(`${head}${lines.join(`\n${" ".repeat(indent)}`)}`);
}

/** "2 problems, 1 warning"; empty where there is none of both. */
export function countedText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([noun, count]) => `${count} ${noun}${count === 1 ? "" : "s"}`)
    .join(", ");
}

function wrapped(text: string, indent: number): readonly string[] {
  const width = process.stdout.isTTY === true ? Math.max(WIDTH_MIN, process.stdout.columns - indent) : text.length;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
