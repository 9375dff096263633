import type { OrderBy, Result, Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Change } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { numberOf, rowKey, textOf } from "./value.ts";

/** An order of rows; empty for the usual one. */
export type Order = readonly Pick<OrderBy, "field" | "descending">[];

/**
 * The answer after a change: rows replaced, added and left out, in the order of the question, as the server would give
 * it anew. The answer given stays as it is; rows that did not change are the same objects.
 */
export function applyChange(result: Result, change: Change, order: Order = []): Result {
  const { columns } = result;
  const changed = new Map(change.changedRows.map((row) => [rowKey(row, columns), row]));
  const removed = new Set(change.removedRows.map((row) => rowKey(row, columns)));
  const rows: Row[] = [];
  const places: number[] = [];
  for (const row of result.rows) {
    const key = rowKey(row, columns);
    const next = changed.get(key);
    if (next !== undefined) {
      places.push(rows.length);
      rows.push(next);
      changed.delete(key);
    } else if (!removed.has(key)) {
      rows.push(row);
    }
  }
  const compare = rowOrder(result, order);
  // In a long series mostly the last rows change, and stay where they are: then nothing has to be sorted.
  const isInPlace = (place: number): boolean =>
    (place === 0 || compare(rows[place - 1]!, rows[place]!) <= 0) &&
    (place + 1 >= rows.length || compare(rows[place]!, rows[place + 1]!) <= 0);
  const isSorted = changed.size === 0 && places.every(isInPlace);
  rows.push(...changed.values());
  if (!isSorted) rows.sort(compare);
  return { ...result, rows, ...(change.watermark && { watermark: change.watermark }) };
}

/**
 * How rows of an answer are ordered: by the keys, then by time and dimensions. Without keys by time, then by the first
 * metric, greatest first. Sums are compared as the nearest numbers.
 */
function rowOrder(result: Result, order: Order): (a: Row, b: Row) => number {
  const { columns } = result;
  const keys = order.length === 0 ? usualOrder(result) : order;
  const time = columns.findIndex(({ role }) => role === Role.TIME);
  const dimensions = columns.flatMap(({ role }, place) => (role === Role.DIMENSION ? [place] : []));
  const byKeys = keys.map(({ field, descending }) => {
    const place = columns.findIndex(({ name, role }) => name === field && role !== Role.COMPARISON);
    const role = columns[place]?.role;
    if (role === Role.METRIC) return (a: Row, b: Row) => compareNumbers(a, b, place, descending);
    const sign = descending ? -1 : 1;
    return (a: Row, b: Row) => sign * (role === Role.TIME ? compareTimes(a, b, place) : compareTexts(a, b, place));
  });
  return (a, b) => {
    for (const by of byKeys) {
      const found = by(a, b);
      if (found !== 0) return found;
    }
    const byTime = time < 0 ? 0 : compareTimes(a, b, time);
    if (byTime !== 0) return byTime;
    for (const place of dimensions) {
      const found = compareTexts(a, b, place);
      if (found !== 0) return found;
    }
    return Number(a.other) - Number(b.other);
  };
}

function usualOrder({ columns }: Result): Order {
  const metric = columns.find(({ role }) => role === Role.METRIC)?.name ?? "";
  const hasTime = columns.some(({ role }) => role === Role.TIME);
  return [...(hasTime ? [{ field: "time", descending: false }] : []), { field: metric, descending: true }];
}

function compareTimes(a: Row, b: Row, place: number): number {
  return Date.parse(textOf(a.values[place])) - Date.parse(textOf(b.values[place]));
}

function compareTexts(a: Row, b: Row, place: number): number {
  const left = textOf(a.values[place]);
  const right = textOf(b.values[place]);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What has no value is last in either direction. */
function compareNumbers(a: Row, b: Row, place: number, descending: boolean): number {
  const left = numberOf(a.values[place]);
  const right = numberOf(b.values[place]);
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return descending ? right - left : left - right;
}
