import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { type FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { Failure } from "@millrace/failure";
import type { Condition, ConditionValue, Filter } from "./question.ts";

type FilterInit = MessageInitShape<typeof FilterSchema>;

const COMPARISONS = {
  contains: Operator.CONTAINS,
  startsWith: Operator.STARTS_WITH,
  less: Operator.LESS,
  lessOrEqual: Operator.LESS_OR_EQUAL,
  greater: Operator.GREATER,
  greaterOrEqual: Operator.GREATER_OR_EQUAL,
  equals: Operator.EQUALS,
} as const;

/**
 * A filter as the contract has it.
 *
 * @throws Failure `invalid` for a condition that is none
 */
export function toFilter(filter: Filter): FilterInit {
  const parts = Object.entries(filter).map(([field, value]) => {
    if ((field === "all" || field === "any") && isFilterList(value)) {
      return { kind: { case: field, value: { filters: value.map(toFilter) } } } as const;
    }
    if (field === "not" && isFilter(value)) return not(toFilter(value));
    return toCondition(field, value as ConditionValue | readonly ConditionValue[] | Condition);
  });
  return allOf(parts);
}

function toCondition(field: string, value: ConditionValue | readonly ConditionValue[] | Condition): FilterInit {
  if (isScalar(value)) return compare(field, Operator.EQUALS, [value]);
  if (isScalarList(value)) return compare(field, Operator.IN, value);
  const parts: FilterInit[] = [];
  for (const [name, operand] of Object.entries(value)) {
    if (operand === undefined) continue;
    parts.push(toComparison(field, name, operand));
  }
  if (parts.length === 0) throw Failure.invalidField(`filter.${field}`, "says nothing");
  return allOf(parts);
}

function toComparison(field: string, name: string, operand: NonNullable<Condition[keyof Condition]>): FilterInit {
  if (name === "in" && isScalarList(operand)) return compare(field, Operator.IN, operand);
  if (name === "not") return not(toCondition(field, operand));
  if (name === "exists") {
    const exists = compare(field, Operator.EXISTS, []);
    return operand === false ? not(exists) : exists;
  }
  const operator = COMPARISONS[name as keyof typeof COMPARISONS];
  if (operator === undefined || !isScalar(operand)) {
    const choices = [...Object.keys(COMPARISONS), "in", "exists", "not"].join(", ");
    throw Failure.invalidField(`filter.${field}.${name}`, `is no comparison; there are ${choices}`);
  }
  return compare(field, operator, [operand]);
}

function compare(field: string, operator: Operator, values: readonly ConditionValue[]): FilterInit {
  return { kind: { case: "condition", value: { field, operator, values: values.map(toValue) } } };
}

function not(filter: FilterInit): FilterInit {
  return { kind: { case: "not", value: filter } };
}

function allOf(filters: FilterInit[]): FilterInit {
  const [only] = filters;
  return filters.length === 1 && only !== undefined ? only : { kind: { case: "all", value: { filters } } };
}

function toValue(value: ConditionValue): Value {
  if (typeof value === "string") return create(ValueSchema, { kind: { case: "stringValue", value } });
  if (typeof value === "number") return create(ValueSchema, { kind: { case: "numberValue", value } });
  return create(ValueSchema, { kind: { case: "boolValue", value } });
}

function isScalar(value: unknown): value is ConditionValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isScalarList(value: unknown): value is readonly ConditionValue[] {
  return Array.isArray(value) && value.every(isScalar);
}

function isFilter(value: unknown): value is Filter {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFilterList(value: unknown): value is readonly Filter[] {
  return Array.isArray(value) && value.every(isFilter);
}
