import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Catalog, isKept } from "../question/catalog.ts";

const PULSE_MAX = 3;

/**
 * Counts that are watched along with what a chart shows, where they are kept by these dimensions. Visitors who were here
 * before change no number of visitors, but they change what else is shown: without a count, nobody would hear of them.
 */
export function pulseOf(catalog: Catalog, dimensions: readonly string[]): readonly string[] {
  return catalog.metrics
    .filter(({ name, aggregation }) => aggregation === Aggregation.COUNT && isKept(catalog, name, dimensions))
    .slice(0, PULSE_MAX)
    .map(({ name }) => name);
}
