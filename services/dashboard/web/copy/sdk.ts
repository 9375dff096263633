import type { Question } from "../question/question.ts";
import { type Range, spanOf } from "../time/range.ts";
import type { DimensionFilter } from "../url/view.ts";

/** The package for those who ask; the page itself does not use it. */
const SDK = "@millrace/client";
const COMPARISONS = { previous: "previous_period", year: "previous_year", none: undefined } as const;
const SDK_MATCHES = { contains: "contains", starts: "startsWith" } as const;
const NAME = /^[A-Za-z_$][\w$]*$/;

/** The lines that ask a question with the SDK. `now`, in epoch milliseconds, decides which day "yesterday" is. */
export function sdkText(question: Question, origin: string, now: number): string {
  const { project, metrics, dimensions = [], every, filters = [], compare = "none", order, limit, zone } = question;
  const asked = {
    project,
    metrics,
    ...(dimensions.length > 0 && { dimensions }),
    range: rangeOf(question.range, zone, now),
    ...(every !== undefined && { granularity: every }),
    timeZone: zone,
    ...(filters.length > 0 && { filter: filterOf(filters) }),
    ...(order !== undefined && { orderBy: `${order.descending ? "-" : ""}${order.field}` }),
    ...(limit !== undefined && { limit }),
    ...(COMPARISONS[compare] !== undefined && { comparison: COMPARISONS[compare] }),
  };
  return [
    `import { createMillrace } from ${written(SDK)};`,
    "",
    `const millrace = createMillrace({ url: ${written(origin)}, key: process.env["MILLRACE_KEY"] ?? "" });`,
    "const { rows } = await millrace.query({",
    ...Object.entries(asked).map(([name, value]) => `  ${name}: ${written(value)},`),
    "});",
    "",
  ].join("\n");
}

function rangeOf(range: Range, zone: string, now: number): object {
  if (range.kind === "last") return { last: `${range.count}${range.unit}` };
  const { start, end } = spanOf(range, zone, now);
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}

/** By dimension, what its values must be and must not be. */
function filterOf(filters: readonly DimensionFilter[]): object {
  const conditions = new Map<string, Record<string, string | readonly string[]>>();
  for (const { dimension, not, match, values } of filters) {
    const said = match === undefined ? { [not ? "not" : "in"]: values } : { [SDK_MATCHES[match]]: values[0] ?? "" };
    conditions.set(dimension, { ...conditions.get(dimension), ...said });
  }
  // Without a prototype, so that a dimension may have any name.
  const filter: Record<string, unknown> = Object.create(null);
  for (const [dimension, condition] of conditions) {
    const isList = Object.keys(condition).join() === "in";
    filter[dimension] = isList ? condition["in"] : condition;
  }
  return filter;
}

/** A value as it is written in TypeScript, in one line. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([name, one]) => `${propertyName(name)}: ${written(one)}`);
  return `{ ${pairs.join(", ")} }`;
}

function propertyName(name: string): string {
  // In a literal `__proto__: x` sets the prototype; only in brackets it is a name.
  if (name === "__proto__") return '["__proto__"]';
  return NAME.test(name) ? name : JSON.stringify(name);
}
