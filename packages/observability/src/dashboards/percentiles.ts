import type { Query } from "../grafana/panel.ts";
import type { HistogramName, Questions } from "../promql.ts";

/** Lines below which these parts of what a histogram saw lie: 0.99 is the line p99. */
export function percentiles(
  quantile: Questions["quantile"],
  name: HistogramName,
  ...parts: readonly number[]
): Query[] {
  return parts.map((part) => ({ expr: quantile(part, name, []), legend: `p${part * 100}` }));
}
