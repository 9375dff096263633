import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { ReactNode } from "react";
import { numberOf, placeOf } from "../answer/value.ts";
import { changeOf, changeText } from "../format/change.ts";
import { titleOf, valueTitle } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { unitOf } from "../question/catalog.ts";
import type { Question } from "../question/question.ts";
import { BarTable } from "../table/bar-table.tsx";
import { withFilter } from "../url/view.ts";
import { isPartial } from "./partial.ts";
import { tupleOf } from "./tuples.ts";

/** Bars of the metric that the rows are ordered by, the other metrics as numbers beside it; a click on a row narrows to it. */
export function BarsLook({ question, result }: { readonly question: Question; readonly result: Result }): ReactNode {
  const { catalog, change } = useWorkspace();
  const { metrics, dimensions = [], order } = question;
  const main = metrics.find((name) => name === order?.field) ?? metrics[0]!;
  const shown = [main, ...metrics.filter((name) => name !== main)];
  const place = placeOf(result, Role.METRIC, main);
  const before = placeOf(result, Role.COMPARISON, main);
  const greatest = Math.max(0, ...result.rows.map((row) => numberOf(row.values[place]) ?? 0));
  const isCutOff = isPartial(result);
  // A change from a whole range to a part of one would mislead.
  const compared = (now: number | null, then: number | null): string =>
    isCutOff ? numberText(then, { unit: unitOf(catalog, main), compact: true }) : changeText(changeOf(now, then));
  const rows = result.rows.map((row) => {
    const tuple = tupleOf(result, row);
    const titles = tuple.isOther
      ? [tuple.title]
      : dimensions.map((name, at) => valueTitle(name, tuple.values[at] ?? ""));
    const [title = "", ...details] = titles;
    const value = numberOf(row.values[place]);
    const numbers = shown.map((name) =>
      numberText(numberOf(row.values[placeOf(result, Role.METRIC, name)]), {
        unit: unitOf(catalog, name),
        compact: true,
      }),
    );
    return {
      key: tuple.key,
      title,
      ...(details.length > 0 && { detail: details.join(" · ") }),
      share: greatest > 0 ? (value ?? 0) / greatest : 0,
      numbers: before < 0 ? numbers : [numbers[0]!, compared(value, numberOf(row.values[before])), ...numbers.slice(1)],
      onChoose: tuple.isOther
        ? undefined
        : () =>
            change((view) =>
              dimensions.reduce(
                (next, dimension, at) => withFilter(next, { dimension, not: false, values: [tuple.values[at] ?? ""] }),
                view,
              ),
            ),
    };
  });
  const [first, ...others] = shown.map(titleOf);
  return (
    <div className="answer-bars">
      <BarTable
        caption={`${shown.map(titleOf).join(", ")} by ${dimensions.map(titleOf).join(", ")}`}
        headings={[
          dimensions.map(titleOf).join(" · "),
          first!,
          ...(before < 0 ? [] : [isCutOff ? "Before" : "Change"]),
          ...others,
        ]}
        rows={rows}
      />
    </div>
  );
}
