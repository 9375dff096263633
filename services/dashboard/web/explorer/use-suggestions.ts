import { Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { useEffect, useState } from "react";
import { placeOf, textOf } from "../answer/value.ts";
import { useAsked, useWorkspace } from "../project/workspace.tsx";
import { askableNames, isKept } from "../question/catalog.ts";
import { type Question, queryOf } from "../question/question.ts";
import { type Answered, useAnswer } from "../question/use-answer.ts";
import { useMinute } from "../time/use-minute.ts";

const USUAL = 100;
const MATCHING = 20;
const SETTLED_MS = 180;

/** Values of a dimension in the time looked at: the most frequent, and those that contain what is typed. */
export function useSuggestions(dimension: string, text: string): readonly string[] {
  const { catalog } = useWorkspace();
  const { project, range, zone } = useAsked();
  const minute = useMinute();
  const typed = useSettled(text.trim(), SETTLED_MS);
  const metric = askableNames(catalog).find((name) => isKept(catalog, name, [dimension]));
  const question: Question | undefined =
    metric === undefined ? undefined : { project, range, zone, metrics: [metric], dimensions: [dimension] };
  const usual = useAnswer(question && queryOf({ ...question, limit: USUAL }, minute), "still");
  const contains = { dimension, not: false, match: "contains" as const, values: [typed] };
  const matching = useAnswer(
    question && typed !== "" ? queryOf({ ...question, filters: [contains], limit: MATCHING }, minute) : undefined,
    "still",
  );
  return [...new Set([...valuesOf(matching, dimension), ...valuesOf(usual, dimension)])];
}

function valuesOf({ result }: Answered, dimension: string): readonly string[] {
  const place = result === undefined ? -1 : placeOf(result, Role.DIMENSION, dimension);
  return result === undefined || place < 0
    ? []
    : result.rows.filter(({ other }) => !other).map(({ values }) => textOf(values[place]));
}

/** A value once it has stayed the same for a while. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
