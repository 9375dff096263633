import type { Row, RowSource } from "./row.ts";

/** The bytes of a text in pieces of a few bytes, as a network could bring them. */
export async function* inPieces(text: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** Every row of a source. */
export async function allRows(source: RowSource): Promise<Row[]> {
  const all: Row[] = [];
  for await (const some of source.rows) all.push(...some);
  return all;
}
