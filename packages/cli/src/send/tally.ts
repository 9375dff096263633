/** A row that was not accepted: its line, and why. */
export type RejectedRow = { readonly line: number; readonly reason: string; readonly message: string };

const EXAMPLES_MAX = 10;

/** What has become of the rows so far. Each row that was read is in exactly one of the counts, or still unsettled. */
export class Tally {
  read = 0;
  accepted = 0;
  duplicate = 0;
  /** Rows that an earlier run had settled; they are in none of the other counts. */
  resumed = 0;
  /** How many events were sent once more. */
  retried = 0;
  /** Rows whose time is so long ago that they don't count by default. */
  old = 0;
  readonly rejectedByReason = new Map<string, number>();
  /** The first rows that were rejected. */
  readonly examples: RejectedRow[] = [];

  get rejected(): number {
    let sum = 0;
    for (const count of this.rejectedByReason.values()) sum += count;
    return sum;
  }

  /** Rows that were read, and that nobody has answered for. */
  get unsettled(): number {
    return this.read - this.accepted - this.duplicate - this.rejected;
  }

  reject(row: RejectedRow): void {
    this.rejectedByReason.set(row.reason, (this.rejectedByReason.get(row.reason) ?? 0) + 1);
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(row);
  }
}
