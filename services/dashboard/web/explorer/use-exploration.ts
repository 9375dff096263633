import { useCallback, useMemo } from "react";
import { planFor } from "../overview/plan.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { askableNames, hasMetric } from "../question/catalog.ts";
import { navigate, type Step, useSearch } from "../url/address.ts";
import { type Exploration, readExploration, writeExploration } from "./exploration.ts";

/** What the address asks, with a metric where it names none, and what changes it. */
export function useExploration(): readonly [
  Exploration,
  (change: (exploration: Exploration) => Exploration, step?: Step) => void,
] {
  const { project, catalog, view } = useWorkspace();
  const search = useSearch();
  const usual = useMemo(() => {
    if (view.metric !== undefined && hasMetric(catalog, view.metric)) return view.metric;
    return planFor(project, catalog).numbers[0]?.needs[0] ?? askableNames(catalog)[0];
  }, [project, catalog, view.metric]);
  const withMetric = useCallback(
    (read: Exploration): Exploration =>
      read.metrics.length > 0 || usual === undefined ? read : { ...read, metrics: [usual] },
    [usual],
  );
  const exploration = useMemo(() => withMetric(readExploration(search)), [search, withMetric]);
  const change = useCallback(
    (next: (exploration: Exploration) => Exploration, step: Step = "push") => {
      const before = new URLSearchParams(location.search);
      navigate({ search: writeExploration(next(withMetric(readExploration(before))), before) }, step);
    },
    [withMetric],
  );
  return [exploration, change];
}
