/** What JSON allows as it is, though a terminal obeys it or turns the text around: DEL, controls of C1, breaks, directions. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A value as JSON that can be shown on a terminal as well: the same value, with `\u` for what a terminal would obey. */
export function jsonText(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, undefined, indent);
  return text.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
