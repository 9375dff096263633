/** What one process and one question may take. */
export type ReportingLimits = {
  /** Questions that are answered at the same time; more are refused. */
  readonly queriesMax: number;
  /** Buckets of a series. */
  readonly bucketsMax: number;
  /** Rows of one answer. */
  readonly rowsMax: number;
  /** Cells that one question reads. */
  readonly cellsReadMax: number;
  /** Different tuples that one question holds. */
  readonly tuplesMax: number;
  /** Memory that one question's totals hold, in bytes, roughly. */
  readonly heldBytesMax: number;
  /** Watches of the process, and of one project. */
  readonly watchesMax: number;
  readonly watchesPerProjectMax: number;
  /** Tails of the process, and of one project. */
  readonly tailsMax: number;
  readonly tailsPerProjectMax: number;
};

/** Limits that fit a process with 2 GiB of memory. */
export const DEFAULT_LIMITS: ReportingLimits = {
  queriesMax: 64,
  bucketsMax: 50_000,
  rowsMax: 50_000,
  cellsReadMax: 20_000_000,
  tuplesMax: 250_000,
  heldBytesMax: 256 * 1024 * 1024,
  watchesMax: 1_000,
  watchesPerProjectMax: 100,
  tailsMax: 500,
  tailsPerProjectMax: 100,
};
