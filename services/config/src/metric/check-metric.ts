import { create, toBinary } from "@bufbuild/protobuf";
import { Aggregation, AggregationSchema, type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { Failure } from "@millrace/failure";
import { compileFilter, RESERVED_METRIC_NAMES } from "@millrace/rollup";
import { canonicalField, fieldKind } from "../field-name.ts";

/** All of a project's filters are read with its definitions, so each stays small. */
const FILTER_BYTES_MAX = 16 * 1024;

/** Own fields that say when or how an event came, not what it is: nothing to count different values of. */
const NEVER_COUNTED: ReadonlySet<string> = new Set(["time", "received_at", "late"]);

/**
 * The metric that a request asks for, without what the server sets. Checks what the contract's rules can not say.
 *
 * @throws Failure `invalid`
 */
export function checkMetric(requested: Metric): Metric {
  const { name, aggregation, filter, unit, description } = requested;
  if (RESERVED_METRIC_NAMES.includes(name)) {
    throw Failure.invalidField("metric.name", `${JSON.stringify(name)} is reserved`);
  }
  checkFilter(filter);
  const property = checkProperty(requested);
  const metric = create(MetricSchema, { name, aggregation, property, unit, description });
  if (filter !== undefined) metric.filter = filter;
  return metric;
}

function checkProperty({ aggregation, property }: Metric): string {
  const word = AggregationSchema.value[aggregation]?.localName ?? String(aggregation);
  if (aggregation === Aggregation.COUNT) {
    if (property === "") return "";
    throw Failure.invalidField(
      "metric.property",
      `is ${JSON.stringify(property)}, but COUNT counts events: leave it out`,
    );
  }
  if (property === "") throw Failure.invalidField("metric.property", `is required for ${word}`);
  const field = canonicalField(property, "metric.property");
  if (aggregation === Aggregation.UNIQUE) {
    if (!NEVER_COUNTED.has(field)) return field;
    throw Failure.invalidField(
      "metric.property",
      `${JSON.stringify(field)} can not be counted; ${propertyHint(field)}`,
    );
  }
  if (fieldKind(field) === "property") return field;
  const description = `${JSON.stringify(field)} is not a number, which ${word} needs; ${propertyHint(field)}`;
  throw Failure.invalidField("metric.property", description);
}

function propertyHint(field: string): string {
  return `a property with that key is written "properties.${field}"`;
}

function checkFilter(filter: Filter | undefined): void {
  if (filter === undefined) return;
  const bytes = toBinary(FilterSchema, filter).length;
  if (bytes > FILTER_BYTES_MAX) {
    throw Failure.invalidField("metric.filter", `takes ${bytes} bytes; at most ${FILTER_BYTES_MAX} are allowed`);
  }
  compileFilter(filter, "metric.filter", {
    field(name, path) {
      canonicalField(name, path);
      return () => undefined;
    },
    values: "typed",
  });
}
