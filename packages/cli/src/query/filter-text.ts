import { type Condition, type Filter, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";

const SIGNS: Readonly<Record<number, string>> = {
  [Operator.EQUALS]: "=",
  [Operator.IN]: "=",
  [Operator.CONTAINS]: "~",
  [Operator.STARTS_WITH]: "^=",
  [Operator.LESS]: "<",
  [Operator.LESS_OR_EQUAL]: "<=",
  [Operator.GREATER]: ">",
  [Operator.GREATER_OR_EQUAL]: ">=",
};

/** A filter as a person would write it; empty where everything matches. */
export function filterText(filter: Filter | undefined): string {
  const kind = filter?.kind;
  switch (kind?.case) {
    case "all":
      return kind.value.filters.map(filterText).join(" and ");
    case "any":
      return `(${kind.value.filters.map(filterText).join(" or ")})`;
    case "not":
      return `not (${filterText(kind.value)})`;
    case "condition":
      return conditionText(kind.value);
    default:
      return "";
  }
}

function conditionText({ field, operator, values }: Condition): string {
  if (operator === Operator.EXISTS) return `${field}?`;
  // A number and the same text are one alternative for a reader.
  const texts = new Set(values.map(({ kind }) => (kind.case === "structValue" ? "" : String(kind.value))));
  return `${field}${SIGNS[operator] ?? "?"}${[...texts].join("|")}`;
}
