import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Filter } from "@millrace/api/millrace/event/v1/filter_pb";
import { Comparison, type OrderBy, type Query } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import { compileFilter, type RangeShift } from "@millrace/rollup";
import { askedMetrics } from "./asked-metrics.ts";
import { granularityFromEnum } from "./granularity.ts";
import type { AskedMetric, OrderKey, Question } from "./question.ts";
import { suggest } from "./suggest.ts";
import type { ResolvedRange } from "./time-range.ts";
import { resolveRange } from "./time-range.ts";
import { askedZone } from "./time-zone.ts";

const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 10_000;

const SHIFTS: Readonly<Partial<Record<Comparison, RangeShift>>> = {
  [Comparison.PREVIOUS_PERIOD]: "previousPeriod",
  [Comparison.PREVIOUS_YEAR]: "previousYear",
};

/**
 * Finds out what a query asks of a project's definitions. Pure.
 *
 * @param now in epoch milliseconds: what relative ranges end with
 * @param fixed the range that an earlier page of the same query was answered for
 * @throws Failure `invalid` that names the field and the nearest valid choice
 */
export function validateQuery(definitions: Definitions, query: Query, now: number, fixed?: ResolvedRange): Question {
  const metrics = askedMetrics(query.metrics, definitions.metrics);
  const known = knownDimensions(definitions);
  query.dimensions.forEach((name, index) => {
    checkDimension(name, `query.dimensions[${index}]`, known);
  });
  const zone = askedZone(query.timeZone, definitions.timeZone);
  const { range, unit } = fixed ?? resolveRange(query.timeRange, zone, now);
  const granularity = granularityFromEnum(query.granularity);
  const comparison = SHIFTS[query.comparison];
  if (query.limit > LIMIT_MAX) throw Failure.invalidField("query.limit", `must be at most ${LIMIT_MAX}`);
  return {
    projectId: definitions.projectId,
    zone,
    metrics,
    dimensions: query.dimensions,
    range,
    ...(unit && { unit }),
    ...(granularity && { granularity }),
    ...(query.filter && { filter: query.filter }),
    filterFields: filterFields(query.filter, known),
    order: query.orderBy.map((key, index) => orderKey(key, `query.order_by[${index}]`, query, metrics)),
    limit: query.limit === 0 ? LIMIT_DEFAULT : query.limit,
    ...(comparison && { comparison }),
  };
}

function knownDimensions(definitions: Definitions): ReadonlySet<string> {
  return new Set(definitions.rollups.flatMap((rollup) => rollup.dimensions));
}

function checkDimension(name: string, path: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return;
  const problem = `no rollup has the dimension "${name}"; ${suggest(name, [...known])}`;
  throw Failure.invalidField(path, problem, "DIMENSION_UNKNOWN");
}

/** The dimensions that a filter reads. Its operators and values are checked as well. */
function filterFields(filter: Filter | undefined, known: ReadonlySet<string>): readonly string[] {
  const read = new Set<string>();
  compileFilter<unknown>(filter, "query.filter", {
    values: "text",
    field: (name, path) => {
      checkDimension(name, path, known);
      read.add(name);
      return () => undefined;
    },
  });
  return [...read];
}

function orderKey(key: OrderBy, path: string, query: Query, metrics: readonly AskedMetric[]): OrderKey {
  const { field, descending } = key;
  const dimension = query.dimensions.indexOf(field);
  if (dimension >= 0) return { by: "dimension", index: dimension, descending };
  const metric = metrics.findIndex(({ asked }) => asked === field);
  if (metric >= 0) return { by: "metric", index: metric, descending };
  const isSeries = granularityFromEnum(query.granularity) !== undefined;
  if (field === "time" && isSeries) return { by: "time", index: 0, descending };
  const choices = [...(isSeries ? ["time"] : []), ...query.dimensions, ...query.metrics];
  const problem = `"${field}" is no column of the query; ${suggest(field, choices)}`;
  throw Failure.invalidField(`${path}.field`, problem);
}
