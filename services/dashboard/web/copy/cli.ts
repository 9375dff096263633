import type { Question } from "../question/question.ts";
import { type Range, spanOf } from "../time/range.ts";
import type { DimensionFilter } from "../url/view.ts";
import { shellWord } from "./shell.ts";

const COMPARISONS = { previous: "previous-period", year: "previous-year", none: undefined } as const;

/** The line that asks a question with the command line. `now`, in epoch milliseconds, decides which day "yesterday" is. */
export function cliText(question: Question, now: number): string {
  const { project, metrics, dimensions = [], every, filters = [], compare = "none", order, limit, zone } = question;
  // Names may come from a link that somebody else made: none becomes a flag.
  const areFlags = metrics.some((metric) => metric.startsWith("-"));
  const words = ["npx", "millrace", "query", ...(areFlags ? [] : metrics)];
  if (dimensions.length > 0) words.push("--by", dimensions.join(","));
  words.push(...rangeWords(question.range, zone, now));
  if (every !== undefined) words.push("--every", every);
  for (const filter of filters) words.push("--where", condition(filter));
  const comparison = COMPARISONS[compare];
  if (comparison !== undefined) words.push("--compare", comparison);
  if (order !== undefined) words.push("--order", `${order.field}:${order.descending ? "desc" : "asc"}`);
  if (limit !== undefined) words.push("--limit", String(limit));
  words.push("--time-zone", zone, "--project", project);
  if (areFlags) words.push("--", ...metrics);
  return words.map(shellWord).join(" ");
}

function rangeWords(range: Range, zone: string, now: number): string[] {
  if (range.kind === "last") return ["--last", `${range.count}${range.unit}`];
  const { start, end } = spanOf(range, zone, now);
  return ["--from", timeText(start), "--to", timeText(end)];
}

function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(":00.000Z", "Z");
}

/** A condition as `millrace query --where` reads it. Values are quoted where a bar or a quote would mean something. */
function condition({ dimension, not, match, values }: DimensionFilter): string {
  const operator = match === "contains" ? "~" : match === "starts" ? "^=" : not ? "!=" : "=";
  return `${dimension}${operator}${values.map(alternative).join("|")}`;
}

function alternative(value: string): string {
  if (!/^$|^\s|\s$|[|'"]|^(true|false|-?\d+(\.\d+)?)$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
