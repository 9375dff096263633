/** A line without its end, and its number from 1. `text` is undefined when it is longer than a line may be. */
export type Line = { readonly number: number; readonly text: string | undefined };

/** The longest line that is read; longer ones are given without their text. */
export const LINE_BYTES_MAX = 1024 * 1024;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = "\ufeff";

/** The lines of a stream of bytes, as they arrive; blank ones are left out and counted. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;

  function take(piece: Buffer): Line | undefined {
    number += 1;
    const bytes = restBytes + piece.length;
    const text =
      bytes > LINE_BYTES_MAX ? undefined : (restBytes === 0 ? piece : Buffer.concat([...rest, piece])).toString();
    rest = [];
    restBytes = 0;
    if (text === undefined) return { number, text };
    const clean = (number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).trim();
    return clean === "" ? undefined : { number, text: clean };
  }

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const line = take(chunk.subarray(from, at));
      if (line !== undefined) lines.push(line);
      from = at + 1;
    }
    if (from < chunk.length) {
      const piece = chunk.subarray(from);
      // Of a line that is too long only the length is of interest.
      if (restBytes <= LINE_BYTES_MAX) rest.push(piece);
      restBytes += piece.length;
    }
    if (lines.length > 0) yield lines;
  }
  if (restBytes > 0) {
    const line = take(Buffer.alloc(0));
    if (line !== undefined) yield [line];
  }
}
