import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, type Metric } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Condition, type Filter, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import type { FoldEvent, PropertyValue } from "../src/index.ts";

/**
 * What rollups must come to, worked out the slow way: every value of every cell is kept, in plain objects, and nothing
 * is taken from the code under test.
 */

/** The values that one metric saw in one cell. */
export type Seen = { readonly aggregation: Aggregation; readonly values: PropertyValue[] };

/** A rollup's cells: by "granularity bucket" (day cells at offset o are "1d+o"), by tuple. */
export type OracleCells = Map<string, Map<string, Seen[]>>;

/** The fields that the tests' enrichment derives. */
export function derivedValue(name: string, properties: ReadonlyMap<string, PropertyValue>): PropertyValue | undefined {
  if (name === "bot") return properties.get("agent") === "bot";
  if (name === "page") return properties.has("url") ? String(properties.get("url")).split("?")[0] : undefined;
  return undefined;
}

/** Folds events into the cells of each rollup, by the rollup's name. `kept` says which buckets are kept. */
export function oracleCells(
  definitions: Definitions,
  events: readonly FoldEvent[],
  kept: (granularity: string, bucket: number, event: FoldEvent) => boolean = () => true,
): Map<string, OracleCells> {
  const metrics = new Map(definitions.metrics.map((metric) => [metric.name, metric]));
  const rollups = new Map<string, OracleCells>();
  for (const event of events) {
    for (const rollup of definitions.rollups) {
      const values = rollup.metrics.map((name) => valueFor(metrics.get(name)!, event));
      if (values.every((value) => value === undefined)) continue;
      const tuple = rollup.dimensions.map((name) => textOf(field(event, name))).join("\0");
      for (const [granularity, bucket] of bucketsOf(Math.floor(event.timeMs / 60_000), definitions.dayOffsetsMinutes)) {
        if (!kept(granularity, bucket, event)) continue;
        const cells = getOrPut(rollups, rollup.name, () => new Map());
        const tuples = getOrPut(cells, `${granularity} ${bucket}`, () => new Map<string, Seen[]>());
        const cell = getOrPut(tuples, tuple, () =>
          rollup.metrics.map((name): Seen => ({ aggregation: metrics.get(name)!.aggregation, values: [] })),
        );
        for (const [i, value] of values.entries()) if (value !== undefined) cell[i]!.values.push(value);
      }
    }
  }
  return rollups;
}

function getOrPut<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}

/** Every granularity's bucket that holds a minute. */
export function bucketsOf(minute: number, dayOffsets: readonly number[]): [string, number][] {
  const floor = (width: number, offset = 0) => Math.floor((minute + offset) / width) * width - offset;
  const days = dayOffsets.map((o): [string, number] => [o < 0 ? `1d${o}` : `1d+${o}`, floor(1440, o)]);
  return [["1m", minute], ["15m", floor(15)], ["1h", floor(60)], ...days];
}

function valueFor(metric: Metric, event: FoldEvent): PropertyValue | undefined {
  if (!matches(metric.filter, event)) return undefined;
  if (metric.aggregation === Aggregation.COUNT) return true;
  const value = field(event, metric.property);
  if (metric.aggregation === Aggregation.UNIQUE) return textOf(value) === "" ? undefined : textOf(value);
  return typeof value === "number" ? value : undefined;
}

function textOf(value: PropertyValue | undefined): string {
  return value === undefined ? "" : String(value);
}

function field(event: FoldEvent, name: string): PropertyValue | undefined {
  const properties = new Map(event.keys.slice(0, event.count).map((key, i) => [key, event.values[i]!]));
  const text = (value: string) => (value === "" ? undefined : value);
  if (name.startsWith("properties.")) return properties.get(name.slice("properties.".length));
  if (name === "name") return text(event.name);
  if (name === "user_id") return text(event.userId);
  if (name === "visitor") return text(event.userId || event.anonymousId);
  if (name === "late") return event.late;
  if (name === "bot" || name === "page") return derivedValue(name, properties);
  return properties.get(name);
}

function matches(filter: Filter | undefined, event: FoldEvent): boolean {
  const kind = filter?.kind;
  switch (kind?.case) {
    case "all":
      return kind.value.filters.every((inner) => matches(inner, event));
    case "any":
      return kind.value.filters.some((inner) => matches(inner, event));
    case "not":
      return !matches(kind.value, event);
    case "condition":
      return holds(kind.value, field(event, kind.value.field));
    default:
      return true;
  }
}

function holds(condition: Condition, value: PropertyValue | undefined): boolean {
  const wanted = condition.values.map((each) => each.kind.value as PropertyValue);
  const [first] = wanted;
  switch (condition.operator) {
    case Operator.EQUALS:
    case Operator.IN:
      return wanted.some((each) => each === value);
    case Operator.CONTAINS:
      return typeof value === "string" && value.includes(String(first));
    case Operator.STARTS_WITH:
      return typeof value === "string" && value.startsWith(String(first));
    case Operator.EXISTS:
      return value !== undefined;
    case Operator.LESS:
      return typeof value === "number" && value < Number(first);
    default:
      return typeof value === "number" && value >= Number(first);
  }
}
