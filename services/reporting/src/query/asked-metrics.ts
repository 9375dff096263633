import { Aggregation, type Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import { Failure } from "@millrace/failure";
import type { AskedMetric } from "./question.ts";
import { suggest } from "./suggest.ts";

const SUGGESTED_QUANTILES = ["p50", "p95", "p99"] as const;

/**
 * The metrics that names stand for.
 *
 * @throws Failure `invalid` (METRIC_UNKNOWN) naming the place, such as "query.metrics[1]", and the nearest metric
 */
export function askedMetrics(names: readonly string[], metrics: readonly Metric[]): readonly AskedMetric[] {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  return names.map((asked, index) => askedMetric(asked, `query.metrics[${index}]`, byName));
}

/** Every name that can be asked for; of quantiles the usual ones. */
function askableNames(metrics: Iterable<Metric>): readonly string[] {
  return [...metrics].flatMap(({ name, aggregation }) =>
    aggregation === Aggregation.QUANTILES ? SUGGESTED_QUANTILES.map((quantile) => `${name}.${quantile}`) : [name],
  );
}

function askedMetric(asked: string, path: string, metrics: ReadonlyMap<string, Metric>): AskedMetric {
  const dot = asked.indexOf(".");
  const metric = metrics.get(dot < 0 ? asked : asked.slice(0, dot));
  if (metric === undefined) {
    throw unknown(path, `there is no metric "${asked}"; ${suggest(asked, askableNames(metrics.values()))}`);
  }
  if (metric.aggregation !== Aggregation.QUANTILES) {
    if (dot < 0) return { asked, metric };
    throw unknown(path, `"${metric.name}" has no quantiles; ask for "${metric.name}"`);
  }
  const quantile = dot < 0 ? undefined : quantileOf(asked.slice(dot + 1));
  if (quantile !== undefined) return { asked, metric, quantile };
  const usual = SUGGESTED_QUANTILES.map((one) => `${metric.name}.${one}`).join(", ");
  throw unknown(path, `"${metric.name}" keeps quantiles: ask for ${usual}, or any .pNN with 0 < NN < 100`);
}

/** "p95" is 0.95, "p99.9" is 0.999. */
function quantileOf(text: string): number | undefined {
  const percent = /^p(\d{1,2}(?:\.\d{1,4})?)$/.exec(text)?.[1];
  const quantile = Number(percent) / 100;
  return quantile > 0 && quantile < 1 ? quantile : undefined;
}

function unknown(path: string, problem: string): Failure {
  return Failure.invalidField(path, problem, "METRIC_UNKNOWN");
}
