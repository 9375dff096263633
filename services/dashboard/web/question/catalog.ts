import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import type { GetCatalogResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";

/** What can be asked about a project. */
export type Catalog = GetCatalogResponse;

/** The metric behind a name that is asked for: `latency` of `latency.p95`. */
export function metricOf(asked: string): string {
  const dot = asked.indexOf(".");
  return dot < 0 ? asked : asked.slice(0, dot);
}

/** Whether the project has a metric; of quantiles any. */
export function hasMetric(catalog: Catalog, asked: string): boolean {
  return catalog.metrics.some(({ name }) => name === metricOf(asked));
}

/** Whether some rollup keeps a metric by all of these dimensions together. */
export function isKept(catalog: Catalog, asked: string, dimensions: readonly string[]): boolean {
  return catalog.rollups.some(
    (rollup) => rollup.metrics.includes(metricOf(asked)) && dimensions.every((one) => rollup.dimensions.includes(one)),
  );
}

/** The unit of a metric; empty where it has none. */
export function unitOf(catalog: Catalog, asked: string): string {
  return catalog.metrics.find(({ name }) => name === metricOf(asked))?.unit ?? "";
}

/** The names to ask for: of quantiles the usual three. */
export function askableNames(catalog: Catalog): readonly string[] {
  return catalog.metrics.flatMap(({ name, aggregation }) =>
    aggregation === Aggregation.QUANTILES ? ["p50", "p95", "p99"].map((quantile) => `${name}.${quantile}`) : [name],
  );
}
