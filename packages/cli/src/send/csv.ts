import { Readable } from "node:stream";
import { Failure } from "@millrace/failure";
import { type Info, parse } from "csv-parse";
import { LINE_BYTES_MAX } from "./lines.ts";
import type { Row, RowSource } from "./row.ts";

const ROWS_AT_ONCE = 500;
const COLUMNS_MAX = 1_000;

/** Separates cells in a record's content: no text file holds it. */
const UNIT_SEPARATOR = "\x1f";

type Parsed = { readonly record: string[]; readonly info: Info };

/**
 * Reads comma-separated values with a header row. Records that can not be parsed come as rows with a problem.
 *
 * @param delimiter one character between cells
 * @throws Failure `invalid` when there is no usable header
 */
export async function readCsv(bytes: AsyncIterable<Buffer>, delimiter: string): Promise<RowSource> {
  const skipped: Row[] = [];
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: LINE_BYTES_MAX,
  });
  parser.on("skip", (error) => {
    skipped.push({ line: error?.lines ?? 0, position: -1, content: "", cells: [], problem: plain(error?.message) });
  });
  const input = Readable.from(bytes, { objectMode: false });
  input.on("error", (error) => parser.destroy(error));
  const records = input.pipe(parser)[Symbol.asyncIterator]() as AsyncIterator<Parsed>;
  const first = await records.next();
  if (first.done) throw new Failure("invalid", "FIELD_INVALID", "the file has no header row");
  const columns = checkedHeader(first.value.record);
  return { columns, rows: rowsOf(records, columns.length, skipped, () => input.destroy()) };
}

async function* rowsOf(
  records: AsyncIterator<Parsed>,
  width: number,
  skipped: Row[],
  close: () => void,
): AsyncGenerator<readonly Row[]> {
  let position = 0;
  let rows: Row[] = [];
  try {
    for (;;) {
      const next = await records.next();
      if (next.done) break;
      rows.push(toRow(next.value, position++, width));
      if (rows.length < ROWS_AT_ONCE) continue;
      yield [...rows, ...skipped.splice(0)];
      rows = [];
    }
    yield [...rows, ...skipped.splice(0)];
  } finally {
    close();
  }
}

function toRow({ record, info }: Parsed, position: number, width: number): Row {
  const row = { line: info.lines, position, content: record.join(UNIT_SEPARATOR), cells: record };
  if (record.length === width) return row;
  return { ...row, problem: `the row has ${record.length} cells, the header ${width}` };
}

function checkedHeader(header: readonly string[]): readonly string[] {
  const columns = header.map((name) => name.trim());
  if (columns.length > COLUMNS_MAX) {
    throw new Failure("invalid", "FIELD_INVALID", `the header has ${columns.length} columns, more than ${COLUMNS_MAX}`);
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Failure("invalid", "FIELD_INVALID", `the header names the column "${twice}" twice`);
  return columns;
}

/** csv-parse begins its messages with words of its own. */
function plain(message: string | undefined): string {
  return (message ?? "the row is not CSV").replace(/^Invalid (Closing|Opening) Quote: /, "wrong quotes: ");
}
