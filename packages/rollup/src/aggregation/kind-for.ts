import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { Failure } from "@millrace/failure";
import { averageKind } from "./average.ts";
import { countKind } from "./count.ts";
import { maxKind, minKind } from "./extreme.ts";
import { quantilesKind } from "./quantiles.ts";
import type { StateKind } from "./state.ts";
import { sumKind } from "./sum.ts";
import { type Precision, uniqueKinds } from "./unique.ts";

/**
 * The kind of state that `aggregation` keeps. Equal arguments give the same instance.
 *
 * @param options.precision of unique counts: 14 for rollups without dimensions, 11 for those with.
 */
export function kindFor(aggregation: Aggregation, options: { readonly precision: Precision }): StateKind {
  switch (aggregation) {
    case Aggregation.COUNT:
      return countKind;
    case Aggregation.SUM:
      return sumKind;
    case Aggregation.MIN:
      return minKind;
    case Aggregation.MAX:
      return maxKind;
    case Aggregation.AVERAGE:
      return averageKind;
    case Aggregation.UNIQUE:
      return uniqueKinds[options.precision];
    case Aggregation.QUANTILES:
      return quantilesKind;
    default:
      throw new Failure("internal", "INTERNAL", `a metric has the unknown aggregation ${aggregation}`);
  }
}
