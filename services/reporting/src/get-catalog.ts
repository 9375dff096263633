import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import {
  CatalogDimensionSchema,
  CatalogGranularitySchema,
  CatalogMetricSchema,
  CatalogRollupSchema,
  type GetCatalogRequest,
  GetCatalogResponseSchema,
} from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { retentionMinutes, SERIES_GRANULARITIES, type SeriesGranularity } from "@millrace/rollup";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "./dependencies.ts";
import { granularityToEnum } from "./query/granularity.ts";

const MINUTE_MS = 60_000;

/** ReportingService.GetCatalog. */
export function createGetCatalog({ snapshot }: Pick<Dependencies, "snapshot">) {
  return async function getCatalog(request: GetCatalogRequest, context: HandlerContext) {
    const projectId = projectOf(getPrincipal(context), request.projectId);
    const definitions = await snapshot.definitions(projectId, { signal: context.signal });
    return create(GetCatalogResponseSchema, {
      projectId,
      timeZone: definitions.timeZone,
      metrics: metricsOf(definitions),
      dimensions: dimensionsOf(definitions),
      rollups: definitions.rollups.toSorted(byName).map(({ name, metrics, dimensions, createTime }) => {
        return create(CatalogRollupSchema, { name, metrics, dimensions, ...(createTime && { startTime: createTime }) });
      }),
      granularities: SERIES_GRANULARITIES.map((granularity) => granularityOf(granularity, definitions)),
    });
  };
}

/** Only what some rollup keeps can be asked for. */
function metricsOf({ metrics, rollups }: Definitions) {
  const kept = new Set(rollups.flatMap((rollup) => rollup.metrics));
  return metrics
    .filter(({ name }) => kept.has(name))
    .toSorted(byName)
    .map(({ name, aggregation, unit, description }) => {
      return create(CatalogMetricSchema, { name, aggregation, unit, description });
    });
}

function dimensionsOf({ rollups }: Definitions) {
  const metrics = new Map<string, Set<string>>();
  for (const rollup of rollups) {
    for (const dimension of rollup.dimensions) {
      const known = metrics.get(dimension) ?? new Set();
      metrics.set(dimension, known);
      for (const metric of rollup.metrics) known.add(metric);
    }
  }
  return [...metrics]
    .map(([name, known]) => create(CatalogDimensionSchema, { name, metrics: [...known].sort() }))
    .sort(byName);
}

function granularityOf(granularity: SeriesGranularity, definitions: Definitions) {
  const minutes = keptMinutes(granularity, definitions);
  const retention = Number.isFinite(minutes) ? { retention: durationFromMs(minutes * MINUTE_MS) } : {};
  return create(CatalogGranularitySchema, { granularity: granularityToEnum(granularity), ...retention });
}

/** In the project's own zone: where its hours are not those of UTC, they are put together from quarters. */
function keptMinutes(granularity: SeriesGranularity, { retention, dayOffsetsMinutes }: Definitions): number {
  const kept = retentionMinutes(retention);
  const quarter = Math.max(kept["1m"], kept["15m"]);
  if (granularity === "1m" || granularity === "5m") return kept["1m"];
  if (granularity === "15m") return quarter;
  const wholeHours = dayOffsetsMinutes.every((offset) => offset % 60 === 0);
  return granularity === "1h" && !wholeHours ? quarter : Number.POSITIVE_INFINITY;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
