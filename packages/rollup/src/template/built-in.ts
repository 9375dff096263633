import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Aggregation, type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { type Filter, FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";

/** A metric of a template. */
export function metric(
  number: number,
  name: string,
  aggregation: Aggregation,
  options: {
    readonly property?: string;
    readonly filter: Filter;
    readonly unit?: string;
    readonly description: string;
  },
): Metric {
  return create(MetricSchema, { number, name, aggregation, ...options, builtIn: true });
}

/** A rollup of a template. */
export function rollup(
  number: number,
  name: string,
  metrics: string[],
  dimensions: string[],
  options: {
    readonly slots?: 1 | 16 | 64 | 256;
    readonly maxTuples?: number;
    readonly description: string;
  },
): Rollup {
  return create(RollupSchema, { number, name, metrics, dimensions, slots: 1, ...options, builtIn: true });
}

/** Every one of the filters. */
export function all(...filters: Filter[]): Filter {
  return create(FilterSchema, { kind: { case: "all", value: { filters } } });
}

/** Whatever the filter does not match. */
export function not(filter: Filter): Filter {
  return create(FilterSchema, { kind: { case: "not", value: filter } });
}

/** The field equals the value. */
export function equals(field: string, value: string | boolean): Filter {
  return condition(field, Operator.EQUALS, value);
}

/** The field is a number of at least `value`. */
export function atLeast(field: string, value: number): Filter {
  return condition(field, Operator.GREATER_OR_EQUAL, value);
}

function condition(field: string, operator: Operator, value: string | number | boolean): Filter {
  const kind =
    typeof value === "string"
      ? ({ case: "stringValue", value } as const)
      : typeof value === "number"
        ? ({ case: "numberValue", value } as const)
        : ({ case: "boolValue", value } as const);
  const values = [create(ValueSchema, { kind })];
  return create(FilterSchema, { kind: { case: "condition", value: { field, operator, values } } });
}
