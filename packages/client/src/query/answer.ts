import type { Comparison, Granularity } from "./question.ts";

/** A metric's value: a number or, where asked for, exact decimal text; null where there is none to tell. */
export type MetricValue<Exact extends boolean = false> = (Exact extends true ? string : number) | null;

/**
 * A row of an answer: its metrics and dimensions by name (a dimension's value is empty where events have none), `time`
 * with a granularity (the start of the bucket, RFC 3339 with the zone's offset), and what is known about it. Where names
 * are not known before the program runs, any name may be asked for.
 */
export type Row<
  Metric extends string = string,
  Dimension extends string = never,
  Series extends Granularity = never,
  Compared extends Comparison = never,
  Exact extends boolean = false,
> = RowFacts &
  (string extends Metric | Dimension
    ? { readonly [name: string]: MetricValue<Exact> | string }
    : { readonly [Name in Metric]: MetricValue<Exact> } & { readonly [Name in Dimension]: string }) &
  ([Series] extends [never] ? unknown : { readonly time: string }) &
  ([Compared] extends [never] ? unknown : { readonly $compared: { readonly [Name in Metric]: MetricValue<Exact> } });

/** What is known about a row. */
export type RowFacts = {
  /** True when no event can change it any more. */
  readonly $final: boolean;
  /** True when the row is, or contains, the tail that was put together as "(other)". */
  readonly $other: boolean;
};

/** What the values of a column mean. */
export type Column = {
  /** "time", the dimension, or the metric. */
  readonly name: string;
  readonly role: "time" | "dimension" | "metric" | "compared";
  /** Empty where the values have none. */
  readonly unit: string;
  /** True when every value is exact. */
  readonly exact: boolean;
  /** For estimates: the relative standard error (uniques), or the greatest relative error (quantiles). */
  readonly relativeError: number;
};

/** The answer to a question, or a page of it. */
export type Answer<AnyRow> = {
  readonly rows: readonly AnyRow[];
  readonly columns: readonly Column[];
  /** Everything that was durable at this moment is in the answer; perhaps more is. */
  readonly watermark: Date | undefined;
  /** The range that was answered, after widening to whole buckets: from inclusive, to exclusive. */
  readonly range: { readonly from: Date; readonly to: Date } | undefined;
  readonly timeZone: string;
  /** What a reader should know, for people. */
  readonly notices: readonly string[];
  /** Asks for the next page. Absent: this is the last. */
  readonly nextPageToken?: string;
};

/** An answer as it is now, and what has changed since the one before. */
export type Update<AnyRow> = Answer<AnyRow> & {
  /** Rows that are new or have new values. In the first update, and after the range has moved on, all rows. */
  readonly changed: readonly AnyRow[];
  /** Rows that are no longer part of the answer. */
  readonly removed: readonly AnyRow[];
};
