import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { placeOf, textOf } from "./value.ts";

let last: { readonly key: string; readonly times: readonly string[] } | undefined;
const epochs = new WeakMap<readonly string[], readonly number[]>();

/**
 * The beginnings of the buckets of an answer without dimensions, as they are written. For answers with the same buckets it
 * is the same list, so that what is computed from it needs to be computed once: a series has up to 10,000.
 */
export function bucketTimes(result: Result): readonly string[] {
  const place = placeOf(result, Role.TIME);
  const timeAt = (row: number): string => textOf(result.rows.at(row)?.values[place]);
  const key = [result.timeZone, result.rows.length, timeAt(0), timeAt(-1)].join(" ");
  if (last?.key !== key) last = { key, times: result.rows.map((row) => textOf(row.values[place])) };
  return last.times;
}

/** The times in epoch milliseconds; computed once for a list. */
export function epochsOf(times: readonly string[]): readonly number[] {
  let found = epochs.get(times);
  if (found === undefined) {
    found = times.map((time) => Date.parse(time));
    epochs.set(times, found);
  }
  return found;
}
