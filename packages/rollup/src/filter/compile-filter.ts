import type { Value } from "@bufbuild/protobuf/wkt";
import { type Condition, type Filter, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { Failure } from "@millrace/failure";

/** A value that a filter compares. */
export type FilterValue = string | number | boolean;

/** A filter, ready to be asked of each `E`. */
export type Predicate<E> = (input: E) => boolean;

/** How a filter reads fields and compares them. */
export type FilterFields<E> = {
  /**
   * Makes the reader of a field, which gives undefined where the field is absent. Throws a Failure `invalid` naming
   * `path` when there is no such field.
   */
  readonly field: (name: string, path: string) => (input: E) => FilterValue | undefined;
  /**
   * "typed": a number equals a number, text equals text. "text": fields are texts of dimension values, "" where absent;
   * 200 in the filter equals the text "200", and order compares texts that are numbers.
   */
  readonly values: "typed" | "text";
};

/** How deep filters may be nested: a condition alone is 1 deep. */
export const FILTER_DEPTH_MAX = 5;

const FILTERS_MAX = 50;
const VALUES_MAX = 1000;

/**
 * Makes a filter ready to run.
 *
 * @param filter the filter; one without a kind, or undefined, matches everything
 * @param path where the filter stands in the request, such as "metric.filter": failures name the field at fault by it
 * @throws Failure `invalid` for a filter that is too deep or too long, or whose condition has wrong values
 */
export function compileFilter<E>(filter: Filter | undefined, path: string, fields: FilterFields<E>): Predicate<E> {
  return compileAt(filter, path, fields, 1);
}

function compileAt<E>(filter: Filter | undefined, path: string, fields: FilterFields<E>, depth: number): Predicate<E> {
  const kind = filter?.kind;
  if (kind?.case === undefined) return () => true;
  if (depth > FILTER_DEPTH_MAX) throw Failure.invalidField(path, `filters nest at most ${FILTER_DEPTH_MAX} deep`);
  switch (kind.case) {
    case "all":
      return all(compileList(kind.value.filters, `${path}.all`, fields, depth));
    case "any":
      return any(compileList(kind.value.filters, `${path}.any`, fields, depth));
    case "not": {
      const inner = compileAt(kind.value, `${path}.not`, fields, depth + 1);
      return (input) => !inner(input);
    }
    case "condition":
      return compileCondition(kind.value, `${path}.condition`, fields);
  }
}

function compileList<E>(filters: readonly Filter[], path: string, fields: FilterFields<E>, depth: number) {
  if (filters.length > FILTERS_MAX) throw Failure.invalidField(path, `takes at most ${FILTERS_MAX} filters`);
  return filters.map((filter, i) => compileAt(filter, `${path}.filters[${i}]`, fields, depth + 1));
}

function all<E>(predicates: readonly Predicate<E>[]): Predicate<E> {
  const [first, second] = predicates;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (predicates.length === 2) return (input) => first(input) && second(input);
  return (input) => predicates.every((predicate) => predicate(input));
}

function any<E>(predicates: readonly Predicate<E>[]): Predicate<E> {
  const [first, second] = predicates;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (predicates.length === 2) return (input) => first(input) || second(input);
  return (input) => predicates.some((predicate) => predicate(input));
}

function compileCondition<E>(condition: Condition, path: string, fields: FilterFields<E>): Predicate<E> {
  const read = fields.field(condition.field, `${path}.field`);
  const values = readValues(condition.values, `${path}.values`);
  const asText = fields.values === "text";
  switch (condition.operator) {
    case Operator.EQUALS: {
      const wanted = asText ? String(only(values, path)) : only(values, path);
      return (input) => read(input) === wanted;
    }
    case Operator.IN: {
      const wanted = new Set<FilterValue | undefined>(asText ? values.map(String) : values);
      return (input) => wanted.has(read(input));
    }
    case Operator.EXISTS:
      if (values.length > 0) throw Failure.invalidField(`${path}.values`, "EXISTS takes no value");
      return asText ? (input) => (read(input) ?? "") !== "" : (input) => read(input) !== undefined;
    case Operator.CONTAINS:
    case Operator.STARTS_WITH:
      return compileText(condition.operator, onlyText(values, path), read);
    case Operator.LESS:
    case Operator.LESS_OR_EQUAL:
    case Operator.GREATER:
    case Operator.GREATER_OR_EQUAL:
      return compileOrder(condition.operator, onlyNumber(values, path), asText ? numberOfText(read) : read);
    default:
      throw Failure.invalidField(`${path}.operator`, "is not an operator");
  }
}

type Reader<E> = (input: E) => FilterValue | undefined;

function compileText<E>(operator: Operator, wanted: string, read: Reader<E>): Predicate<E> {
  return (input) => {
    const value = read(input);
    if (typeof value !== "string") return false;
    return operator === Operator.CONTAINS ? value.includes(wanted) : value.startsWith(wanted);
  };
}

function compileOrder<E>(operator: Operator, limit: number, read: Reader<E>): Predicate<E> {
  const compare: (value: number) => boolean =
    operator === Operator.LESS
      ? (value) => value < limit
      : operator === Operator.LESS_OR_EQUAL
        ? (value) => value <= limit
        : operator === Operator.GREATER
          ? (value) => value > limit
          : (value) => value >= limit;
  return (input) => {
    const value = read(input);
    return typeof value === "number" && compare(value);
  };
}

/** Numbers of the canonical texts that dimension values of numbers have; undefined for other text. */
function numberOfText<E>(read: Reader<E>): Reader<E> {
  return (input) => {
    const value = Number(read(input));
    return String(value) === read(input) ? value : undefined;
  };
}

function readValues(values: readonly Value[], path: string): readonly FilterValue[] {
  if (values.length > VALUES_MAX) throw Failure.invalidField(path, `takes at most ${VALUES_MAX} values`);
  return values.map(({ kind }, i) => {
    if (kind.case === "stringValue" || kind.case === "boolValue") return kind.value;
    // -0 would have a text of its own in no dimension, and equals 0.
    if (kind.case === "numberValue" && Number.isFinite(kind.value)) return kind.value + 0;
    throw Failure.invalidField(`${path}[${i}]`, "must be text, a finite number or a boolean");
  });
}

function only(values: readonly FilterValue[], path: string): FilterValue {
  const [value] = values;
  if (value === undefined || values.length > 1) throw Failure.invalidField(`${path}.values`, "must have one value");
  return value;
}

function onlyText(values: readonly FilterValue[], path: string): string {
  const value = only(values, path);
  if (typeof value !== "string") throw Failure.invalidField(`${path}.values[0]`, "must be text");
  return value;
}

function onlyNumber(values: readonly FilterValue[], path: string): number {
  const value = only(values, path);
  if (typeof value !== "number") throw Failure.invalidField(`${path}.values[0]`, "must be a number");
  return value;
}
