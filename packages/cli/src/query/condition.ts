import type { MessageInitShape } from "@bufbuild/protobuf";
import { type FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { Failure } from "@millrace/failure";

/** A filter to be sent. */
export type FilterInit = MessageInitShape<typeof FilterSchema>;

// The longest sign first, so that ">=" is not read as ">".
const GRAMMAR = /^\s*([^=!<>~^?\s][^=!<>~^?]*?)\s*(!=|\^=|>=|<=|=|~|>|<|\?)\s*(.*?)\s*$/s;

const OPERATORS: Readonly<Record<string, Operator>> = {
  "~": Operator.CONTAINS,
  "^=": Operator.STARTS_WITH,
  "<": Operator.LESS,
  "<=": Operator.LESS_OR_EQUAL,
  ">": Operator.GREATER,
  ">=": Operator.GREATER_OR_EQUAL,
};

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/**
 * Parses a condition: `field=value`, `field!=value`, `field=a|b`, `field~part`, `field^=start`, `field<1`, `field<=1`,
 * `field>1`, `field>=1`, `field?` (is there). For = and != what looks like a number, true or false matches both the text
 * and the typed value, since dimensions are text and properties may be either; in quotes it is text only.
 *
 * @throws Failure `invalid`
 */
export function parseCondition(text: string): FilterInit {
  const found = GRAMMAR.exec(text);
  if (found === null)
    throw invalid(text, "write FIELD=VALUE, !=, ~ (contains), ^= (starts with), <, <=, >, >= or FIELD?");
  const [, field = "", sign = "", rest = ""] = found;
  if (sign === "?") {
    if (rest !== "") throw invalid(text, "nothing may follow the ?");
    return condition(field, Operator.EXISTS, []);
  }
  if (sign === "=" || sign === "!=") {
    const values = alternatives(rest).flatMap(valuesOf);
    const equal = condition(field, values.length === 1 ? Operator.EQUALS : Operator.IN, values);
    return sign === "=" ? equal : { kind: { case: "not", value: equal } };
  }
  const operator = OPERATORS[sign]!;
  if (operator === Operator.CONTAINS || operator === Operator.STARTS_WITH)
    return condition(field, operator, [unquoted(rest)]);
  if (!NUMBER.test(rest)) throw invalid(text, `${sign} needs a number`);
  return condition(field, operator, [Number(rest)]);
}

/**
 * Every one of the conditions; undefined when there is none.
 *
 * @throws Failure `invalid`
 */
export function parseConditions(texts: readonly string[] | undefined): FilterInit | undefined {
  const filters = (texts ?? []).map(parseCondition);
  return filters.length > 1 ? { kind: { case: "all", value: { filters } } } : filters[0];
}

type Value = string | number | boolean;

function condition(field: string, operator: Operator, values: readonly Value[]): FilterInit {
  const typed = values.map((value) => ({ kind: kindOf(value) }));
  return { kind: { case: "condition", value: { field, operator, values: typed } } };
}

function kindOf(value: Value) {
  if (typeof value === "string") return { case: "stringValue" as const, value };
  if (typeof value === "number") return { case: "numberValue" as const, value };
  return { case: "boolValue" as const, value };
}

/** Splits at bars outside of quotes. */
function alternatives(text: string): string[] {
  return text.match(/'[^']*'|"[^"]*"|[^|]+/g) ?? [""];
}

function valuesOf(text: string): Value[] {
  if (text === "true" || text === "false") return [text, text === "true"];
  return NUMBER.test(text) ? [text, Number(text)] : [unquoted(text)];
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return quoted === null ? text : quoted[2]!;
}

function invalid(text: string, why: string): Failure {
  return new Failure("invalid", "FIELD_INVALID", `"${text}" is not a condition: ${why}`);
}
