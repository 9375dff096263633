import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { Failure } from "@millrace/failure";
import { countKind } from "./count.ts";
import type { StateKind } from "./state.ts";

/** The kind of state that `aggregation` keeps. Equal arguments give the same instance. */
export function kindFor(aggregation: Aggregation, options: { readonly precision: 11 | 14 }): StateKind {
  switch (aggregation) {
    case Aggregation.COUNT:
      return countKind;
    default:
      throw new Failure("internal", "INTERNAL", `no state for aggregation ${aggregation} ${options.precision}`);
  }
}
