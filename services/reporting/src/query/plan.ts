import { Failure } from "@millrace/failure";
import {
  bucketCeilingOf,
  bucketStartOf,
  granularityOf,
  localBuckets,
  type Range,
  SERIES_GRANULARITIES,
  type SeriesGranularity,
  type TileRun,
  type TileSource,
  tiles,
  type Uncovered,
} from "@millrace/rollup";

/** The buckets of an answer, and the stored buckets that they are put together from. */
export type Plan = {
  /** In order, without gaps; one that is the whole range where there is no series. */
  readonly buckets: readonly Range[];
  /** In order of time. Every stored bucket lies in one of `buckets`. */
  readonly runs: readonly TileRun[];
};

/** What a plan is made from. */
export type PlanInput = {
  readonly zone: string;
  readonly range: Range;
  readonly granularity?: SeriesGranularity | undefined;
  /** Which stored granularities may be read, and where. */
  readonly sources: readonly TileSource[];
  readonly bucketsMax: number;
  /** Completes "... is no longer kept", for people. */
  readonly subject: string;
};

const MINUTE_MS = 60_000;

const WIDTH_MINUTES: Readonly<Record<SeriesGranularity, number>> = {
  "1m": 1,
  "5m": 5,
  "15m": 15,
  "1h": 60,
  "1d": 1440,
  week: 7 * 1440,
  month: 28 * 1440,
};

/**
 * Says what to read for a series, or for one value over a range. Pure. Each bucket is covered alone, so that no stored
 * bucket lies in two; what neighbours read at the same granularity becomes one run.
 *
 * @throws Failure `outOfRange` (GRANULARITY_NOT_KEPT) naming the finest granularity that there is, `exhausted`
 *   (RESULT_TOO_LARGE) for too many buckets
 */
export function planReads(input: PlanInput): Plan {
  const { zone, range, granularity } = input;
  if (granularity === undefined) {
    const { runs, uncovered } = cover([range], input.sources);
    if (uncovered.length > 0) throw edgeNotKept(uncovered, input);
    return { buckets: [range], runs };
  }
  const minutes = (range.end - range.start) / MINUTE_MS;
  if (minutes / WIDTH_MINUTES[granularity] > input.bucketsMax) throw tooManyBuckets(input.bucketsMax);
  const buckets = [...localBuckets(zone, granularity, range.start, range.end)];
  const { runs, uncovered } = cover(buckets, input.sources);
  if (uncovered.length > 0) throw granularityNotKept(granularity, input);
  return { buckets, runs };
}

/** From the first bucket's start to the last one's end. */
export function wholeRange({ buckets }: Plan): Range {
  return { start: buckets[0]!.start, end: buckets.at(-1)!.end };
}

/** Which of the buckets holds a minute. */
export function bucketIndexOf(buckets: readonly Range[], minute: number): number {
  const ms = minute * MINUTE_MS;
  let from = 0;
  let to = buckets.length - 1;
  while (from < to) {
    const middle = (from + to + 1) >>> 1;
    if (buckets[middle]!.start <= ms) from = middle;
    else to = middle - 1;
  }
  return from;
}

function cover(buckets: readonly Range[], sources: readonly TileSource[]) {
  const runs: TileRun[] = [];
  const uncovered: Uncovered[] = [];
  for (const { start, end } of buckets) {
    const tiling = tiles(Math.floor(start / MINUTE_MS), Math.floor(end / MINUTE_MS), sources);
    for (const run of tiling.runs) {
      const last = runs.at(-1);
      if (last?.key === run.key && last.to === run.from) runs[runs.length - 1] = { ...last, to: run.to };
      else runs.push(run);
    }
    uncovered.push(...tiling.uncovered);
  }
  return { runs, uncovered };
}

function granularityNotKept(asked: SeriesGranularity, { zone, range, sources, subject }: PlanInput): Failure {
  const coarser = SERIES_GRANULARITIES.slice(SERIES_GRANULARITIES.indexOf(asked) + 1);
  const finest = coarser.find(
    (granularity) =>
      cover([...localBuckets(zone, granularity, range.start, range.end)], sources).uncovered.length === 0,
  );
  const how = finest === undefined ? "ask for a later range" : `the finest there is for all of it is ${finest}`;
  const message = `query.granularity: ${asked} is no longer kept for all of ${subject}; ${how}`;
  return notKept(message, finest === undefined ? {} : { finest });
}

/** A range without buckets whose edges lie inside of the buckets that are still kept. */
function edgeNotKept(uncovered: readonly Uncovered[], { range, subject }: PlanInput): Failure {
  let { start, end } = range;
  let finest: string | undefined;
  let width = 0;
  for (const stretch of uncovered) {
    if (stretch.finest === undefined) continue;
    const granularity = granularityOf(stretch.finest);
    start = Math.min(start, bucketStartOf(granularity, stretch.from) * MINUTE_MS);
    end = Math.max(end, bucketCeilingOf(granularity, stretch.to) * MINUTE_MS);
    if (granularity.widthMinutes > width) finest = granularity.tier;
    width = Math.max(width, granularity.widthMinutes);
  }
  if (finest === undefined) return notKept(`query.time_range: ${subject} is no longer kept`, {});
  const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
  const message =
    `query.time_range: the edges of ${subject} are kept by ${finest} and not finer; ` +
    `the nearest range that can be answered is ${from} to ${to}`;
  return notKept(message, { finest, startTime: from, endTime: to });
}

function notKept(message: string, metadata: Record<string, string>): Failure {
  const field = message.slice(0, message.indexOf(":"));
  const violations = [{ field, description: message.slice(field.length + 2) }];
  return new Failure("outOfRange", "GRANULARITY_NOT_KEPT", message, { metadata, violations });
}

function tooManyBuckets(bucketsMax: number): Failure {
  const message = `a series can have ${bucketsMax} buckets: ask for a coarser granularity or a shorter range`;
  return new Failure("exhausted", "RESULT_TOO_LARGE", message);
}
