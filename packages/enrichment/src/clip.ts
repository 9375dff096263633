/** A dimension value is at most this many bytes of UTF-8. */
export const VALUE_BYTES_MAX = 200;

/** Cuts text to {@link VALUE_BYTES_MAX} bytes of UTF-8, at the end of a character. */
export function clip(text: string): string {
  // A UTF-16 unit takes at most 3 bytes.
  if (text.length * 3 <= VALUE_BYTES_MAX) return text;
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const point = text.codePointAt(end)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > VALUE_BYTES_MAX) return text.slice(0, end);
    end += point > 0xffff ? 2 : 1;
  }
  return text;
}
