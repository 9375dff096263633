/** One record of a file. */
export type Row = {
  /** The line that it begins at, from 1. */
  readonly line: number;
  /** Its number among the records, from 0; headers and blank lines don't count. */
  readonly position: number;
  /** What it says, in one way of writing it: what its event id is made from. */
  readonly content: string;
  /** The values: one a column, or by key. */
  readonly cells: readonly string[] | Readonly<Record<string, unknown>>;
  /** Why it can not be read. Its cells mean nothing then. */
  readonly problem?: string;
};

/** The records of a file, in order, some at a time. */
export type RowSource = {
  /** The names of the columns; undefined where each record has keys of its own. */
  readonly columns: readonly string[] | undefined;
  readonly rows: AsyncIterable<readonly Row[]>;
};

/** How a file is written. */
export const FORMATS = ["ndjson", "csv", "combined"] as const;

/** One of the formats. */
export type Format = (typeof FORMATS)[number];
