import { useCallback, useState } from "react";
import { metricsOf } from "../answer/value.ts";
import { useWatch } from "../live/use-watch.ts";
import type { Plan } from "../overview/plan.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { hasMetric, isKept } from "../question/catalog.ts";
import { type Question, queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";

/** Longer than any project exists. */
const EVER = { kind: "last", count: 240, unit: "mo" } as const;

/**
 * Whether anything was ever measured; undefined while that is not known. Once nothing was found it is watched, so that
 * the first event is seen at once. What it gives besides says that something was found elsewhere.
 */
export function useHasEvents(plan: Plan): readonly [hasEvents: boolean | undefined, onFound: () => void] {
  const [known, setKnown] = useState<string | undefined>();
  const { projectId } = useWorkspace().project;
  const onFound = useCallback(() => setKnown(projectId), [projectId]);
  return [useFound(plan, known === projectId, onFound), onFound];
}

function useFound(plan: Plan, isKnown: boolean, onFound: () => void): boolean | undefined {
  const { project, catalog, zone } = useWorkspace();
  const { projectId } = project;
  // Plain events count too, where the project counts them.
  const counts = [...plan.numbers.flatMap(({ needs }) => needs), "events", "bot_views"];
  const metrics = [...new Set(counts)].filter(
    (name) => !name.includes(".") && hasMetric(catalog, name) && isKept(catalog, name, []),
  );
  const question: Question = { project: projectId, metrics, range: EVER, zone };
  const query = metrics.length > 0 ? queryOf(question, 0) : undefined;
  const asked = useAnswer(isKnown ? undefined : query, "still");
  const isEmpty = asked.result !== undefined && !asked.isOld && !hasAny(asked.result);
  const watched = useWatch(isEmpty && !isKnown ? query : undefined);
  if (query === undefined || isKnown || asked.problem !== undefined) return true;
  const newest = isEmpty ? (watched.result ?? asked.result) : asked.result;
  if (newest === undefined) return undefined;
  const has = hasAny(newest);
  if (has) onFound();
  return has;
}

function hasAny(result: NonNullable<ReturnType<typeof useAnswer>["result"]>): boolean {
  const [row] = result.rows;
  return Object.values(metricsOf(result, row)).some((value) => value !== null && value !== 0);
}
