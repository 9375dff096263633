import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { ReactNode } from "react";
import { metricsOf } from "../answer/value.ts";
import { changeOf, changeText } from "../format/change.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { comparableSpan } from "../overview/comparable.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { unitOf } from "../question/catalog.ts";
import { type Question, queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";
import { useMinute } from "../time/use-minute.ts";

const BEFORE = { previous: "the period before", year: "the year before", none: "" } as const;

/** Numbers that stand alone, each with how it compares: of what is not over, with as much of the other range. */
export function NumberLook({ question, result }: { readonly question: Question; readonly result: Result }): ReactNode {
  const { catalog, view } = useWorkspace();
  const minute = useMinute();
  const span =
    result.timeRange && result.comparisonTimeRange
      ? comparableSpan(result.timeRange, result.comparisonTimeRange, minute)
      : undefined;
  const asked = span && queryOf({ ...question, compare: "none" }, minute, span);
  const compared = useAnswer(asked, "still");
  const now = metricsOf(result, result.rows[0]);
  const before =
    asked === undefined
      ? metricsOf(result, result.rows[0], Role.COMPARISON)
      : compared.result && metricsOf(compared.result, compared.result.rows[0]);
  return (
    <dl className="numbers">
      {question.metrics.map((name) => {
        const style = { unit: unitOf(catalog, name) };
        const then = before?.[name];
        const change = changeOf(now[name], then);
        return (
          <div key={name} className="big-number">
            <dt>{titleOf(name)}</dt>
            <dd className="big-value number">{numberText(now[name], style)}</dd>
            {view.compare !== "none" && then !== undefined && (
              <dd className="quiet">
                {change !== undefined && <strong className="big-change">{changeText(change)}</strong>}{" "}
                {numberText(then, style)} in {BEFORE[view.compare]}
                {span !== undefined && ", up to the same moment"}
              </dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}
