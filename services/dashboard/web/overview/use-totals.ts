import { Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { metricsOf } from "../answer/value.ts";
import { useAsked, useWorkspace } from "../project/workspace.tsx";
import { dimensionsOf } from "../question/filter.ts";
import { type Question, queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";
import type { Problem } from "../rpc/problem.ts";
import { useMinute } from "../time/use-minute.ts";
import { comparableSpan } from "./comparable.ts";
import { isNumberKept, type KeyNumber } from "./key-number.ts";

/** A key number with its values; `kept` is false where the filters ask for what no rollup has. */
export type Total = {
  readonly number: KeyNumber;
  readonly kept: boolean;
  readonly now: number | null | undefined;
  readonly before: number | null | undefined;
};

/** The key numbers of what is looked at. */
export type Totals = {
  readonly totals: readonly Total[];
  readonly question: Question;
  readonly problem: Problem | undefined;
  readonly isOld: boolean;
};

/** Asks for the key numbers, and for those of the range compared with, up to the same moment of it. */
export function useTotals(numbers: readonly KeyNumber[]): Totals {
  const asked = useAsked();
  const { catalog } = useWorkspace();
  const minute = useMinute();
  const filtered = dimensionsOf(asked.filters ?? []);
  const kept = numbers.filter((number) => isNumberKept(number, catalog, filtered));
  const wanted = kept.length > 0 ? kept : numbers;
  const question: Question = { ...asked, metrics: [...new Set(wanted.flatMap(({ needs }) => needs))] };
  const query = question.metrics.length > 0 ? queryOf(question, minute) : undefined;
  const { result, problem, isOld } = useAnswer(query, "first");

  const span =
    result?.timeRange && result.comparisonTimeRange
      ? comparableSpan(result.timeRange, result.comparisonTimeRange, minute)
      : undefined;
  const before = span && queryOf({ ...question, compare: "none" }, minute, span);
  const compared = useAnswer(before, "still");

  const now = result && metricsOf(result, result.rows[0]);
  const then =
    before === undefined
      ? result && metricsOf(result, result.rows[0], Role.COMPARISON)
      : compared.result && metricsOf(compared.result, compared.result.rows[0]);
  const totals = numbers.map((number) => ({
    number,
    kept: kept.includes(number),
    now: now && number.valueOf(now),
    before: asked.compare === "none" ? undefined : then && number.valueOf(then),
  }));
  return { totals, question, problem, isOld };
}
