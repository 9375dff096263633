import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Result, Column_Role as Role, type Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import { numberOf, placeOf, textOf } from "../answer/value.ts";
import { valueTitle } from "../format/names.ts";

/** The values of the dimensions of a row, and what it is called. */
export type Tuple = {
  readonly key: string;
  readonly title: string;
  readonly values: readonly string[];
  /** The tail that was put together. */
  readonly isOther: boolean;
};

/** The metrics of tuples over time. */
export type Lines = {
  /** The beginnings of the buckets, ascending. */
  readonly times: readonly string[];
  /** How many buckets are over. */
  readonly complete: number;
  /** Greatest first by the first metric over all buckets; one without dimensions. */
  readonly tuples: readonly Tuple[];
  /** By metric, then by tuple: a value for each time, null where there is none. */
  readonly values: (metric: string, tuple: Tuple, role?: Role) => readonly (number | null)[];
};

/** What a row is of. */
export function tupleOf(result: Result, row: Row): Tuple {
  const dimensions = result.columns.flatMap(({ role, name }, place) =>
    role === Role.DIMENSION ? [{ name, value: textOf(row.values[place]) }] : [],
  );
  const isOther = row.other && dimensions.length > 0;
  const values = dimensions.map(({ value }) => value);
  const titles = dimensions.map(({ name, value }) => valueTitle(name, value));
  return {
    key: JSON.stringify([isOther, ...values]),
    title: isOther ? "Others, not kept apart" : titles.join(" · "),
    values,
    isOther,
  };
}

/** An answer without the buckets that have not begun. `nowMs` is in epoch milliseconds. */
export function withoutFuture(result: Result, nowMs: number): Result {
  const place = placeOf(result, Role.TIME);
  if (place < 0) return result;
  return { ...result, rows: result.rows.filter(({ values }) => Date.parse(textOf(values[place])) <= nowMs) };
}

/** Takes the lines out of an answer by time. `nowMs` is in epoch milliseconds: buckets that begin later have no values. */
export function linesOf(result: Result, nowMs: number): Lines {
  const timePlace = placeOf(result, Role.TIME);
  const firstMetric = placeOf(result, Role.METRIC);
  const rows = new Map<string, Map<string, Row>>();
  const tuples = new Map<string, Tuple>();
  const sums = new Map<string, number>();
  const begins = new Map<string, number>();
  for (const row of result.rows) {
    const time = textOf(row.values[timePlace]);
    const tuple = tupleOf(result, row);
    begins.set(time, Date.parse(time));
    tuples.set(tuple.key, tuple);
    sums.set(tuple.key, (sums.get(tuple.key) ?? 0) + (numberOf(row.values[firstMetric]) ?? 0));
    const ofTuple = rows.get(tuple.key) ?? new Map<string, Row>();
    rows.set(tuple.key, ofTuple.set(time, row));
  }
  const times = [...begins.keys()].sort((a, b) => begins.get(a)! - begins.get(b)!);
  const end = result.timeRange?.endTime === undefined ? nowMs : timestampMs(result.timeRange.endTime);
  return {
    times,
    complete: times.filter((_, place) => (begins.get(times[place + 1] ?? "") ?? end) <= nowMs).length,
    tuples: [...tuples.values()].sort(
      (a, b) => Number(a.isOther) - Number(b.isOther) || sums.get(b.key)! - sums.get(a.key)!,
    ),
    values(metric, tuple, role = Role.METRIC) {
      const place = placeOf(result, role, metric);
      const isAhead = (time: string): boolean => role === Role.METRIC && begins.get(time)! > nowMs;
      return times.map((time) => (isAhead(time) ? null : numberOf(rows.get(tuple.key)?.get(time)?.values[place])));
    },
  };
}
