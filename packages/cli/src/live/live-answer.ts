import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Column, Column_Role, type Result, type Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { plain } from "../output/result.ts";

/** A row of a live answer, and when each of its values last changed, in the caller's milliseconds. */
export type LiveRow = {
  /** The row's time and dimensions: no other row has the same. */
  readonly key: string;
  readonly row: Row;
  /** By column; 0: not since the answer was first seen. */
  readonly changedAtMs: readonly number[];
};

/** How rows are ordered: a column's name, and whether greatest first. */
export type Order = { readonly field: string; readonly descending: boolean };

/** An answer, put together from what a watch sends. */
export class LiveAnswer {
  readonly #order: readonly Order[];
  #rows = new Map<string, LiveRow>();
  #whole: Result | undefined;
  #watermark: Timestamp | undefined;

  /** @param order of the rows; empty: by the first metric, greatest first */
  constructor(order: readonly Order[] = []) {
    this.#order = order;
  }

  /** The last whole answer, for all but its rows; undefined before the first message. */
  get whole(): Result | undefined {
    return this.#whole;
  }

  get columns(): readonly Column[] {
    return this.#whole?.columns ?? [];
  }

  get watermark(): Timestamp | undefined {
    return this.#watermark;
  }

  /** Takes a message in. */
  take({ kind }: WatchResponse, nowMs: number): void {
    if (kind.case === "whole") {
      const before = this.#whole === undefined ? undefined : this.#rows;
      this.#whole = kind.value;
      this.#watermark = kind.value.watermark;
      this.#rows = new Map();
      for (const row of kind.value.rows) this.#put(row, before, nowMs);
    } else if (kind.case === "change") {
      for (const row of kind.value.removedRows) this.#rows.delete(this.keyOf(row));
      for (const row of kind.value.changedRows) this.#put(row, this.#rows, nowMs);
      this.#watermark = kind.value.watermark;
    }
  }

  /** The rows in order: by time first. */
  rows(): readonly LiveRow[] {
    const { columns } = this;
    const order = this.#order.length > 0 ? this.#order : defaultOrder(columns);
    const keys = order.flatMap(({ field, descending }) => {
      const at = columns.findIndex(({ name, role }) => name === field && role !== Column_Role.COMPARISON);
      return at === -1 ? [] : [{ at, sign: descending ? -1 : 1 }];
    });
    return [...this.#rows.values()].sort((a, b) => {
      for (const { at, sign } of keys) {
        const difference = compare(a.row, b.row, at, columns[at]!) * sign;
        if (difference !== 0) return difference;
      }
      return a.key < b.key ? -1 : 1;
    });
  }

  /** A row's time and dimensions as one text. */
  keyOf(row: Row): string {
    return JSON.stringify(row.values.filter((_, at) => isKey(this.columns[at]!)).map((value) => plain(value)));
  }

  #put(row: Row, before: ReadonlyMap<string, LiveRow> | undefined, nowMs: number): void {
    const key = this.keyOf(row);
    const old = before?.get(key);
    const changedAtMs = row.values.map((value, at) => {
      if (before === undefined || isKey(this.columns[at]!)) return 0;
      if (old === undefined) return nowMs;
      return plain(old.row.values[at]!) === plain(value) ? (old.changedAtMs[at] ?? 0) : nowMs;
    });
    this.#rows.set(key, { key, row, changedAtMs });
  }
}

function isKey({ role }: Column): boolean {
  return role === Column_Role.TIME || role === Column_Role.DIMENSION;
}

function defaultOrder(columns: readonly Column[]): readonly Order[] {
  const time = columns
    .filter(({ role }) => role === Column_Role.TIME)
    .map(() => ({ field: "time", descending: false }));
  const metric = columns.find(({ role }) => role === Column_Role.METRIC);
  return metric === undefined ? time : [...time, { field: metric.name, descending: true }];
}

function compare(a: Row, b: Row, at: number, column: Column): number {
  const [left, right] = [plain(a.values[at]!), plain(b.values[at]!)];
  if (left === right) return 0;
  // Absent values are the least.
  if (left === null) return -1;
  if (right === null) return 1;
  if (isKey(column)) return left < right ? -1 : 1;
  return Number(left) - Number(right);
}
