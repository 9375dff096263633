import { TUPLE_SEPARATOR } from "../block/tuple.ts";
import { DIMENSION_BYTES_MAX } from "../definitions/block-limits.ts";
import type { PropertyValue } from "./fold-event.ts";

/** Text of at most this many UTF-16 units can't be longer than the limit in UTF-8: a unit takes at most 3 bytes. */
const SURELY_SHORT = Math.floor(DIMENSION_BYTES_MAX / 3);

/**
 * The text of a dimension's value in a tuple: text cut to 200 bytes of UTF-8 at the end of a character, with U+FFFD for
 * U+0000; numbers in JavaScript's canonical form (200, 0.5, 1e+21); "true" and "false"; "" where it is absent.
 */
export function dimensionText(value: PropertyValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const cut = value.length <= SURELY_SHORT ? value : clip(value);
  return cut.includes(TUPLE_SEPARATOR) ? cut.replaceAll(TUPLE_SEPARATOR, "\ufffd") : cut;
}

function clip(text: string): string {
  let bytes = 0;
  for (let i = 0; i < text.length; ) {
    const point = text.codePointAt(i)!;
    // U+0000 will be written as U+FFFD.
    bytes += point === 0 ? 3 : point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > DIMENSION_BYTES_MAX) return text.slice(0, i);
    i += point > 0xffff ? 2 : 1;
  }
  return text;
}
