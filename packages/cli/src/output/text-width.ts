import { stripVTControlCharacters } from "node:util";

const graphemes = new Intl.Segmenter();
// East Asian wide characters and emoji take two columns of a terminal.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]/u;
/** Controls of C0 and C1, breaks of lines, and marks that change the direction of what follows (UAX #9). */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) width += widthOf(segment);
  return width;
}

/** The text, cut with an ellipsis to at most so many columns. */
export function fitted(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let result = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    result += segment;
  }
  return `${result}…`;
}

/** What would move the cursor, colour the terminal or turn the text around is shown as a dot: values come from anyone. */
export function printable(text: string): string {
  return text.replace(UNSEEN, "·");
}

/** The same for texts of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function widthOf(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
