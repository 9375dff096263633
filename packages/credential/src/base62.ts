/** The digits: those that need no escaping in URLs, shells or CSV, and are selected as one word by a double click. */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Writes bytes as one big-endian number in base 62, padded with zeros so that equal lengths give equal widths.
 *
 * @param bytes the number
 * @param width how many digits; the number must fit into them
 */
export function toBase62(bytes: Uint8Array, width: number): string {
  let rest = 0n;
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte);
  let text = "";
  for (let i = 0; i < width; i++) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  if (rest !== 0n) throw new RangeError(`${bytes.length} bytes do not fit into ${width} base 62 digits`);
  return text;
}
