import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, type Metric, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { type Filter, FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import fc from "fast-check";
import { type DerivedFields, type FoldEvent, layoutFamilies, type PropertyValue } from "../src/index.ts";
import { derivedValue } from "./oracle.ts";

/** Random definitions and events, small enough that cells meet often. */

/** An enrichment that derives "page" from the property url, and "bot" from the property agent. */
export const derivedFields: DerivedFields = new Map([
  [
    "page",
    (slotOf) => {
      const url = slotOf("url");
      return (_event, slots) => derivedValue("page", new Map(slots[url] === undefined ? [] : [["url", slots[url]]]));
    },
  ],
  [
    "bot",
    (slotOf) => {
      const agent = slotOf("agent");
      return (_event, slots) => slots[agent] === "bot";
    },
  ],
]);

const texts = fc.constantFrom("a", "b", "ab", "10", "", "é");
const numbers = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, min: -1000, max: 1000 }),
  fc.constantFrom(0, -0, 0.1, 0.2, 0.0000005, 0.0000015, 1e15, -1e15, 1.1e15, 2 ** 53, 10),
);

const propertyValue: fc.Arbitrary<PropertyValue> = fc.oneof(texts, numbers, fc.boolean());
const properties = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom("kind", "amount", "name"), propertyValue),
    fc.tuple(fc.constant("amount"), numbers),
    fc.tuple(fc.constant("url"), fc.constantFrom<PropertyValue>("/x", "/x?q=1", "/y", "")),
    fc.tuple(fc.constant("agent"), fc.constantFrom<PropertyValue>("bot", "person")),
  ),
  { maxLength: 6 },
);

/** 2026-10-24T23:50Z: an hour, a day and, in some zones, a changed offset are near. */
const FIRST_MINUTE = Date.UTC(2026, 9, 24, 23, 50) / 60_000;

/** An event within three hours of {@link FIRST_MINUTE}, received in one of two minutes soon after. */
export const randomEvent: fc.Arbitrary<FoldEvent> = fc
  .record({
    name: fc.constantFrom("view", "order"),
    userId: fc.constantFrom("", "", "u1", "u2"),
    anonymousId: fc.constantFrom("", "d1", "d2", "u1"),
    properties,
    minute: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -180, max: 180 })),
    second: fc.integer({ min: 0, max: 59_999 }),
    received: fc.constantFrom(200, 201),
    late: fc.boolean(),
  })
  .map(({ properties, minute, second, received, ...own }) => ({
    ...own,
    eventId: "",
    sessionId: "",
    keys: properties.map(([key]) => key),
    values: properties.map(([, value]) => value),
    count: properties.length,
    timeMs: (FIRST_MINUTE + minute) * 60_000 + second,
    receivedAtMs: (FIRST_MINUTE + received) * 60_000,
    userAgent: "",
  }));

const FIELDS = ["name", "user_id", "visitor", "late", "bot", "page", "kind", "amount", "properties.name"] as const;

const condition: fc.Arbitrary<Filter> = fc
  .tuple(
    fc.constantFrom(...FIELDS),
    fc.constantFrom(
      Operator.EQUALS,
      Operator.IN,
      Operator.CONTAINS,
      Operator.STARTS_WITH,
      Operator.EXISTS,
      Operator.LESS,
      Operator.GREATER_OR_EQUAL,
    ),
    fc.array(propertyValue, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("a", "b", "v", "/x"),
    fc.integer({ min: -5, max: 15 }),
  )
  .map(([field, operator, any, text, number]) => {
    const values: PropertyValue[] =
      operator === Operator.EXISTS
        ? []
        : operator === Operator.CONTAINS || operator === Operator.STARTS_WITH
          ? [text]
          : operator === Operator.LESS || operator === Operator.GREATER_OR_EQUAL
            ? [number]
            : operator === Operator.IN
              ? any
              : any.slice(0, 1);
    return create(FilterSchema, {
      kind: { case: "condition", value: { field, operator, values: values.map(protoValue) } },
    });
  });

function protoValue(value: PropertyValue) {
  if (typeof value === "string") return create(ValueSchema, { kind: { case: "stringValue", value } });
  if (typeof value === "number") return create(ValueSchema, { kind: { case: "numberValue", value } });
  return create(ValueSchema, { kind: { case: "boolValue", value } });
}

const filter: fc.Arbitrary<Filter | undefined> = fc.oneof(
  fc.constant(undefined),
  condition,
  fc
    .array(condition, { maxLength: 3 })
    .map((filters) => create(FilterSchema, { kind: { case: "all", value: { filters } } })),
  fc
    .array(condition, { maxLength: 3 })
    .map((filters) => create(FilterSchema, { kind: { case: "any", value: { filters } } })),
  condition.map((value) => create(FilterSchema, { kind: { case: "not", value } })),
);

const AGGREGATIONS = [
  Aggregation.COUNT,
  Aggregation.SUM,
  Aggregation.MIN,
  Aggregation.MAX,
  Aggregation.AVERAGE,
  Aggregation.UNIQUE,
  Aggregation.QUANTILES,
] as const;

const metrics: fc.Arbitrary<Metric[]> = fc.tuple(...AGGREGATIONS.map(() => filter)).map((filters) =>
  AGGREGATIONS.map((aggregation, i) => {
    const property = aggregation === Aggregation.COUNT ? "" : aggregation === Aggregation.UNIQUE ? "visitor" : "amount";
    const filter = filters[i];
    return create(MetricSchema, { number: i + 1, name: `m${i}`, aggregation, property, ...(filter && { filter }) });
  }),
);

const rollup = fc.record({
  metrics: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
  dimensions: fc.uniqueArray(fc.constantFrom(...FIELDS), { maxLength: 3 }),
  slots: fc.constantFrom(1, 1, 16),
});

/** Definitions of up to four rollups, with room for `maxTuples` tuples each (0: 256). */
export function randomDefinitions(maxTuples: number): fc.Arbitrary<Definitions> {
  return fc
    .tuple(metrics, fc.array(rollup, { minLength: 1, maxLength: 4 }), fc.constantFrom<number[]>([0], [60, 120], [-300]))
    .map(([metrics, list, dayOffsetsMinutes]) => {
      const rollups = list.map(({ metrics, dimensions, slots }, i) =>
        create(RollupSchema, {
          number: i + 1,
          name: `r${i + 1}`,
          metrics: metrics.map((metric) => `m${metric}`),
          dimensions,
          slots,
          maxTuples,
        }),
      );
      return create(DefinitionsSchema, {
        projectId: "p",
        revision: 1n,
        dayOffsetsMinutes,
        metrics,
        rollups,
        families: layoutFamilies([], rollups, metrics),
      });
    });
}
