import type { LogRecord } from "../event-log.ts";

/** So many are remembered: records are read moments after they were appended, or else nobody looks at the trace any more. */
const REMEMBERED_MAX = 4_096;

/** The trace contexts of records that were appended lately. They are not stored: a trace is of one run of the process. */
export class RecentTraces {
  readonly #traces = new Map<string, string>();

  /** Remembers the context that a record was appended with, until others have come. */
  note(partition: number, offset: number, traceparent: string): void {
    if (this.#traces.size >= REMEMBERED_MAX) this.#traces.delete(this.#traces.keys().next().value!);
    this.#traces.set(`${partition}:${offset}`, traceparent);
  }

  /** The same records, with their contexts as far as they are remembered. */
  carriedBy(partition: number, records: readonly LogRecord[]): readonly LogRecord[] {
    if (this.#traces.size === 0) return records;
    return records.map((record) => {
      const traceparent = this.#traces.get(`${partition}:${record.offset}`);
      return traceparent === undefined ? record : { ...record, traceparent };
    });
  }
}
