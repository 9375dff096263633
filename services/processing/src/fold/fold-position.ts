import type { LogRecord } from "@millrace/event-log";

/** How far the fold of a partition is. */
export class FoldPosition {
  /** Every record below this offset is folded. */
  nextOffset: number;
  /** When the last folded record was appended, in epoch milliseconds; 0 when none was. */
  lastAppendMs = 0;
  #idleMs = 0;

  /** @param startOffset the committed offset */
  constructor(startOffset: number) {
    this.nextOffset = startOffset;
  }

  /** Everything appended up to this moment is folded, in epoch milliseconds. 0: not known. */
  get timeMs(): number {
    return Math.max(this.lastAppendMs, this.#idleMs);
  }

  /** Moves behind some records, at least one. */
  pass(records: readonly LogRecord[]): void {
    this.nextOffset = records.at(-1)!.offset + 1;
    for (const record of records) this.lastAppendMs = Math.max(this.lastAppendMs, record.appendTimeMs);
  }

  /** There was no record after those folded, at a moment of the log's clock. */
  reachedEnd(timeMs: number): void {
    this.#idleMs = Math.max(this.#idleMs, timeMs);
  }
}
