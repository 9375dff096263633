import type { JsonValue } from "@bufbuild/protobuf";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { Column_Type as Type } from "@millrace/api/millrace/reporting/v1/query_pb";
import {
  type AverageState,
  type CountState,
  type ExtremeState,
  type Micros,
  microsToText,
  type QuantilesState,
  type State,
  type SumState,
  type UniqueState,
} from "@millrace/rollup";
import type { AskedMetric } from "./question.ts";

/** A metric's value, to be compared: sums, least and greatest in millionths, exact. Undefined where there is none. */
export type Reading = Micros | undefined;

/** The value of a metric; `state` is undefined where there was no event. */
export function readingOf({ metric, quantile }: AskedMetric, state: State | undefined): Reading {
  switch (metric.aggregation) {
    case Aggregation.COUNT:
      return state === undefined ? 0 : (state as CountState).count;
    case Aggregation.SUM:
      return state === undefined ? 0 : (state as SumState).micros;
    case Aggregation.UNIQUE:
      return state === undefined ? 0 : (state as UniqueState).estimate();
    case Aggregation.MIN:
    case Aggregation.MAX:
      return (state as ExtremeState | undefined)?.micros;
    case Aggregation.AVERAGE:
      return (state as AverageState | undefined)?.toNumber();
    default:
      return (state as QuantilesState | undefined)?.quantile(quantile ?? 0.5);
  }
}

/** A value as it is written in a row. */
export function writtenValue({ metric }: AskedMetric, reading: Reading): JsonValue {
  if (reading === undefined) return null;
  return typeOf(metric.aggregation) === Type.DECIMAL ? microsToText(reading) : Number(reading);
}

/** How the values of an aggregation are written. */
export function typeOf(aggregation: Aggregation): Type {
  switch (aggregation) {
    case Aggregation.COUNT:
    case Aggregation.UNIQUE:
      return Type.INTEGER;
    case Aggregation.SUM:
    case Aggregation.MIN:
    case Aggregation.MAX:
      return Type.DECIMAL;
    default:
      return Type.NUMBER;
  }
}

/** How far a value may be off, relative to it; 0 when it is exact. */
export function relativeErrorOf({ metric }: AskedMetric, state: State | undefined): number {
  if (metric.aggregation === Aggregation.UNIQUE) return (state as UniqueState | undefined)?.relativeError ?? 0;
  return metric.aggregation === Aggregation.QUANTILES ? QUANTILES_ERROR : 0;
}

/** The sketch of quantiles keeps values to within this. */
const QUANTILES_ERROR = 0.01;

/** How many values a metric has left out: not finite, or too large. */
export function excludedBy(state: State | undefined): number {
  return state !== undefined && "excluded" in state ? Number(state.excluded) : 0;
}
