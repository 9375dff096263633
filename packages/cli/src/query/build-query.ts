import type { MessageInitShape } from "@bufbuild/protobuf";
import { Comparison, Granularity, type Query, type QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import { zoneNamed } from "../zoned-time.ts";
import { parseConditions } from "./condition.ts";
import { absoluteRange, parseLast } from "./time-range.ts";

/** The options that make a query. */
export type QueryOptions = {
  readonly by?: readonly string[];
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly every?: keyof typeof GRANULARITIES;
  readonly where?: readonly string[];
  readonly order?: readonly string[];
  readonly limit?: number;
  readonly compare?: keyof typeof COMPARISONS;
  readonly timeZone?: string;
};

/** A query to be sent. */
export type QueryInit = Exclude<MessageInitShape<typeof QuerySchema>, Query>;

export const GRANULARITIES = {
  "1m": Granularity.GRANULARITY_1M,
  "5m": Granularity.GRANULARITY_5M,
  "15m": Granularity.GRANULARITY_15M,
  "1h": Granularity.GRANULARITY_1H,
  "1d": Granularity.GRANULARITY_1D,
  week: Granularity.GRANULARITY_WEEK,
  month: Granularity.GRANULARITY_MONTH,
} as const;

export const COMPARISONS = {
  "previous-period": Comparison.PREVIOUS_PERIOD,
  "previous-year": Comparison.PREVIOUS_YEAR,
} as const;

const DEFAULT_LAST = "24h";

/**
 * The query that the options ask.
 *
 * @param projectZone gives the project's time zone; asked only for local times without --time-zone
 * @throws Failure `invalid`
 */
export async function buildQuery(
  metrics: readonly string[],
  options: QueryOptions,
  context: { readonly project: string; readonly nowMs: number; readonly projectZone: () => Promise<string> },
): Promise<QueryInit> {
  const { from, to, last } = options;
  if (last !== undefined && (from !== undefined || to !== undefined)) throw invalid("give --last, or --from and --to");
  if (to !== undefined && from === undefined) throw invalid("--to needs --from");
  const timeRange =
    from === undefined
      ? parseLast(last ?? DEFAULT_LAST)
      : absoluteRange(from, to, zoneNamed(options.timeZone ?? (await context.projectZone())), context.nowMs);
  const filter = parseConditions(options.where);
  return {
    projectId: context.project,
    metrics: [...metrics],
    dimensions: [...(options.by ?? [])],
    timeRange,
    timeZone: options.timeZone ?? "",
    granularity: options.every === undefined ? Granularity.GRANULARITY_UNSPECIFIED : GRANULARITIES[options.every],
    orderBy: (options.order ?? []).map((text) => orderOf(text, metrics)),
    limit: options.limit ?? 0,
    comparison: options.compare === undefined ? Comparison.UNSPECIFIED : COMPARISONS[options.compare],
    ...(filter !== undefined && { filter }),
  };
}

/** `field`, `field:asc`, `field:desc`. Without a direction metrics come greatest first, everything else least first. */
function orderOf(text: string, metrics: readonly string[]) {
  const found = /^(.+?)(?::(asc|desc))?$/.exec(text);
  const [, field = text, direction] = found ?? [];
  if (/:/.test(field)) throw invalid(`--order ${text}: write FIELD, FIELD:asc or FIELD:desc`);
  return { field, descending: direction === undefined ? metrics.includes(field) : direction === "desc" };
}

function invalid(message: string): Failure {
  return new Failure("invalid", "FIELD_INVALID", message);
}
