/** The width of the buckets of a series: minutes, an hour, a day, a week from Monday, a month of the time zone. */
export type Granularity = "1m" | "5m" | "15m" | "1h" | "1d" | "week" | "month";

/** Another range to compare with: the one just before, or the same a year earlier. */
export type Comparison = "previous_period" | "previous_year";

/** A moment: a Date, epoch milliseconds, or ISO 8601 text. */
export type Moment = Date | number | string;

/**
 * The time asked about: the last so many minutes (`30m`), hours (`24h`), days (`7d`), weeks (`4w`) or months (`12mo`) of
 * the time zone, the current one included; or from one moment (inclusive) to another (exclusive), at whole minutes.
 */
export type TimeRange = { readonly last: string } | { readonly from: Moment; readonly to: Moment };

/** A value that a condition compares with. */
export type ConditionValue = string | number | boolean;

/** A condition on one field; all that is given must hold. */
export type Condition = {
  readonly equals?: ConditionValue;
  /** At most 1,000. */
  readonly in?: readonly ConditionValue[];
  readonly contains?: string;
  readonly startsWith?: string;
  /** False: the field is absent. */
  readonly exists?: boolean;
  readonly less?: number;
  readonly lessOrEqual?: number;
  readonly greater?: number;
  readonly greaterOrEqual?: number;
  /** What must not hold. */
  readonly not?: ConditionValue | readonly ConditionValue[] | Condition;
};

/**
 * Which tuples count, by dimensions: `{ country: "DE", page: { startsWith: "/blog" }, plan: ["pro", "team"] }`. All of an
 * object's fields must match. A list means one of these. `all` and `any` with a list of filters, and `not` with a filter,
 * put filters together.
 */
export type Filter = {
  readonly [field: string]: ConditionValue | readonly ConditionValue[] | Condition | readonly Filter[] | Filter;
};

/** A key of the order of rows: a column, or a column with a minus for greatest first. */
export type OrderBy = string | { readonly field: string; readonly descending?: boolean };

/** A question about a project. */
export type Question<
  Metric extends string = string,
  Dimension extends string = string,
  Series extends Granularity = Granularity,
  Compared extends Comparison = Comparison,
  Exact extends boolean = boolean,
> = {
  /** The metrics, 1 to 20; quantiles as `latency.p95`. */
  readonly metrics: readonly Metric[];
  /** What they are broken down by, at most 6. */
  readonly dimensions?: readonly Dimension[];
  /** The time asked about. */
  readonly range: TimeRange;
  /** The width of the buckets. Absent: one value over the range. */
  readonly granularity?: Series;
  /** The IANA time zone of the buckets and of relative ranges. Absent: the project's. */
  readonly timeZone?: string;
  /** Which tuples count. Absent: all. */
  readonly filter?: Filter;
  /** The order of the rows. Absent: by time, then by the first metric, greatest first. */
  readonly orderBy?: OrderBy | readonly OrderBy[];
  /** Rows, or series, at most: 1 to 10,000. Absent: 1,000. */
  readonly limit?: number;
  /** `nextPageToken` of the page before. */
  readonly pageToken?: string;
  /** Another range to compare with; rows then have `$compared`. */
  readonly comparison?: Compared;
  /** The project, where the key is good for several. Absent: the key's own. */
  readonly project?: string;
  /**
   * Gives metrics as decimal text, exact to the last digit of sums. Absent: as numbers, which are exact to some 15
   * digits.
   */
  readonly exact?: Exact;
};

/** What a call takes beside its question. */
export type CallOptions = {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** After how long to give up. Absent: 30,000. A watch goes on for ever. */
  readonly timeoutMs?: number;
};
