import type { Column } from "./answer.ts";
import type { Question } from "./question.ts";
import type { PlainRow } from "./rows.ts";
import { toOrderKey } from "./to-query.ts";

type Compare = (a: PlainRow, b: PlainRow) => number;

/** How the server orders rows: by the question's keys, then by time and dimensions, "(other)" behind its equals. */
export function rowOrder({ orderBy = [], metrics }: Question, columns: readonly Column[]): Compare {
  const list = (typeof orderBy === "string" || "field" in orderBy ? [orderBy] : orderBy).map(toOrderKey);
  const keys =
    list.length > 0
      ? list
      : [
          { field: "time", descending: false },
          { field: metrics[0] ?? "", descending: true },
        ];
  const roles = new Map(columns.filter(({ role }) => role !== "compared").map(({ name, role }) => [name, role]));
  const ties = columns.filter(({ role }) => role === "time" || role === "dimension").map(({ name }) => name);
  return (a, b) => {
    for (const { field, descending } of keys) {
      const role = roles.get(field);
      const order = role === "metric" ? byMetric(a[field], b[field], descending) : byText(role, a[field], b[field]);
      if (order !== 0) return role !== "metric" && descending ? -order : order;
    }
    for (const name of ties) {
      const order = byText(roles.get(name), a[name], b[name]);
      if (order !== 0) return order;
    }
    return Number(a["$other"]) - Number(b["$other"]);
  };
}

/** What has no value is last in either direction. */
function byMetric(a: unknown, b: unknown, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = Number(a) - Number(b);
  return descending ? -order : order;
}

function byText(role: Column["role"] | undefined, a: unknown, b: unknown): number {
  // Texts of moments have offsets, which change over the year.
  if (role === "time") return Date.parse(String(a)) - Date.parse(String(b));
  const [left, right] = [String(a ?? ""), String(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}
