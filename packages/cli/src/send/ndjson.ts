import { LINE_BYTES_MAX, type Line, readLines } from "./lines.ts";
import type { Row, RowSource } from "./row.ts";

/** Reads one JSON object a line. */
export function readNdjson(bytes: AsyncIterable<Buffer>): RowSource {
  async function* rows(): AsyncGenerator<readonly Row[]> {
    let position = 0;
    for await (const lines of readLines(bytes)) yield lines.map((line) => toRow(line, position++));
  }
  return { columns: undefined, rows: rows() };
}

function toRow({ number, text }: Line, position: number): Row {
  const row = { line: number, position, content: text ?? "", cells: {} };
  if (text === undefined) return { ...row, problem: `the line is longer than ${LINE_BYTES_MAX} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ...row, problem: "the line is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ...row, problem: "the line is not a JSON object" };
  }
  return { ...row, cells: value as Record<string, unknown> };
}
