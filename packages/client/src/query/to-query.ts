import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Comparison as ComparisonCode,
  Granularity as GranularityCode,
  type QuerySchema,
  RelativeRange_Unit as Unit,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import type { Comparison, Granularity, Moment, OrderBy, Question, TimeRange } from "./question.ts";
import { toFilter } from "./to-filter.ts";

type QueryInit = MessageInitShape<typeof QuerySchema>;

const GRANULARITIES: Readonly<Record<Granularity, GranularityCode>> = {
  "1m": GranularityCode.GRANULARITY_1M,
  "5m": GranularityCode.GRANULARITY_5M,
  "15m": GranularityCode.GRANULARITY_15M,
  "1h": GranularityCode.GRANULARITY_1H,
  "1d": GranularityCode.GRANULARITY_1D,
  week: GranularityCode.GRANULARITY_WEEK,
  month: GranularityCode.GRANULARITY_MONTH,
};
const COMPARISONS: Readonly<Record<Comparison, ComparisonCode>> = {
  previous_period: ComparisonCode.PREVIOUS_PERIOD,
  previous_year: ComparisonCode.PREVIOUS_YEAR,
};
const UNITS: Readonly<Record<string, Unit>> = {
  m: Unit.MINUTE,
  h: Unit.HOUR,
  d: Unit.DAY,
  w: Unit.WEEK,
  mo: Unit.MONTH,
};

/**
 * A question as the contract has it.
 *
 * @throws Failure `invalid` for what can't be meant
 */
export function toQuery(question: Question): QueryInit {
  const { granularity, comparison, filter, orderBy = [] } = question;
  return {
    projectId: question.project ?? "",
    metrics: [...question.metrics],
    dimensions: [...(question.dimensions ?? [])],
    timeRange: toTimeRange(question.range),
    timeZone: question.timeZone ?? "",
    limit: question.limit ?? 0,
    pageToken: question.pageToken ?? "",
    orderBy: (isList(orderBy) ? orderBy : [orderBy]).map(toOrderKey),
    ...(granularity !== undefined && { granularity: known("granularity", GRANULARITIES, granularity) }),
    ...(comparison !== undefined && { comparison: known("comparison", COMPARISONS, comparison) }),
    ...(filter !== undefined && Object.keys(filter).length > 0 && { filter: toFilter(filter) }),
  };
}

/** A key of the order, with its direction. */
export function toOrderKey(key: OrderBy): { field: string; descending: boolean } {
  if (typeof key !== "string") return { field: key.field, descending: key.descending ?? false };
  const descending = key.startsWith("-");
  return { field: descending ? key.slice(1) : key, descending };
}

function toTimeRange(range: TimeRange): NonNullable<QueryInit["timeRange"]> {
  if ("last" in range) {
    const [, count = "", unit = ""] = /^(\d{1,4})(mo|[mhdw])$/.exec(range.last) ?? [];
    const code = UNITS[unit];
    if (code === undefined) {
      throw Failure.invalidField("range.last", 'must be such as "30m", "24h", "7d", "4w" or "12mo"');
    }
    return { kind: { case: "relative", value: { last: Number(count), unit: code } } };
  }
  const startTime = toTimestamp("range.from", range.from);
  const endTime = toTimestamp("range.to", range.to);
  return { kind: { case: "absolute", value: { startTime, endTime } } };
}

function toTimestamp(name: string, moment: Moment): Timestamp {
  const ms = new Date(moment).getTime();
  if (Number.isNaN(ms)) throw Failure.invalidField(name, "is no moment");
  return timestampFromMs(ms);
}

function known<Name extends string, Code>(field: string, codes: Readonly<Record<Name, Code>>, name: Name): Code {
  const code = codes[name];
  if (code !== undefined) return code;
  throw Failure.invalidField(field, `must be one of ${Object.keys(codes).join(", ")}`);
}

function isList(orderBy: OrderBy | readonly OrderBy[]): orderBy is readonly OrderBy[] {
  return Array.isArray(orderBy);
}
