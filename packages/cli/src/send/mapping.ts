import { Failure } from "@millrace/failure";
import { type Expression, parseExpression } from "./expression.ts";
import type { Format } from "./row.ts";

/** The event's own fields that a mapping can name. */
export const EVENT_FIELDS = ["name", "time", "user_id", "anonymous_id", "session_id", "event_id"] as const;

/** One of the event's own fields. */
export type EventField = (typeof EVENT_FIELDS)[number];

/** Where one field of the event comes from. */
export type Rule = {
  /** A field of the event, or undefined for a property. */
  readonly field: EventField | undefined;
  /** The property's key; undefined for a field. */
  readonly property: string | undefined;
  readonly expression: Expression;
  /** Whether a file without the column is fine. */
  readonly optional: boolean;
};

/** Other names that fields have in files. */
const ALIASES: ReadonlyMap<string, EventField> = new Map([
  ["event_type", "name"],
  ["timestamp", "time"],
]);

const PROPERTY_PREFIX = "properties.";

/** What a line of an access log becomes unless it is mapped: a page view of the template web. */
const COMBINED_RULES = [
  "name='page_view'",
  "time=time",
  "anonymous_id=visitor",
  "url=path",
  "referrer=referrer",
  "user_agent=user_agent",
  "method=method",
  "status=status",
  "bytes=bytes",
];

/**
 * Parses `FIELD=EXPR` or `FIELD?=EXPR`.
 *
 * @throws Failure `invalid`
 */
export function parseRule(text: string): Rule {
  const found = /^([^=?]+)(\?)?=(.+)$/s.exec(text);
  if (found === null) throw new Failure("invalid", "FIELD_INVALID", `--map ${text}: write FIELD=COLUMN`);
  const [, name = "", optional, expression = ""] = found;
  return { ...targetOf(name.trim()), expression: parseExpression(expression), optional: optional !== undefined };
}

/**
 * The rules of a mapping file: a JSON object of fields and expressions.
 *
 * @throws Failure `invalid`
 */
export function parseMappingFile(text: string, path: string): readonly Rule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure("invalid", "FIELD_INVALID", `${path} is not JSON`, { cause });
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || !Object.values(value as object).every((each) => typeof each === "string")) {
    throw new Failure(
      "invalid",
      "FIELD_INVALID",
      `${path} must be an object such as {"name": "'order'", "time": "date"}`,
    );
  }
  return Object.entries(value as Record<string, string>).map(([field, expression]) =>
    parseRule(`${field}=${expression}`),
  );
}

/**
 * The rules to apply: later ones replace earlier ones of the same field. None given: the defaults of the format, or
 * undefined, for which each record's own keys say what they are.
 *
 * @throws Failure `invalid` when nothing says the event's name
 */
export function chooseRules(given: readonly Rule[], format: Format): readonly Rule[] | undefined {
  if (given.length === 0) return format === "combined" ? COMBINED_RULES.map(parseRule) : undefined;
  const byTarget = new Map(given.map((rule) => [rule.field ?? `${PROPERTY_PREFIX}${rule.property}`, rule]));
  if (!byTarget.has("name")) {
    const message = `nothing says the event's name: add --map name=COLUMN, or --map "name='page_view'"`;
    throw new Failure("invalid", "FIELD_INVALID", message);
  }
  return [...byTarget.values()];
}

/** What a key or column of a file means when nothing is mapped. */
export function targetOf(name: string): {
  readonly field: EventField | undefined;
  readonly property: string | undefined;
} {
  const field = EVENT_FIELDS.find((each) => each === name) ?? ALIASES.get(name);
  if (field !== undefined) return { field, property: undefined };
  const property = name.startsWith(PROPERTY_PREFIX) ? name.slice(PROPERTY_PREFIX.length) : name;
  return { field: undefined, property };
}
