import type { Panel } from "../../grafana/panel.ts";
import {
  badPart,
  budgetAlerts,
  FAST_BURN,
  type LookBack,
  type Objective,
  promiseOf,
  recordedRatio,
  subjectOf,
} from "../../objectives.ts";

/** The recorded part of calls that were bad, in the chosen namespaces. Recorded series have no job to choose by. */
export function chosenRatio(objective: Objective, lookBack: LookBack): string {
  return `${recordedRatio(objective, lookBack)}{namespace=~"$namespace"}`;
}

/** How fast the error budget of an objective burns, and what is left of it. */
export function errorBudgetGraphs(objective: Objective): Panel[] {
  const subject = subjectOf(objective);
  const budget = badPart(objective, 1);
  const alerts = Object.values(budgetAlerts(objective));
  return [
    {
      kind: "lines",
      title: `${subject}: how fast the error budget burns`,
      description: `1 uses up the budget of 30 days in 30 days; at ${FAST_BURN} somebody is called. ${promiseOf(objective)}`,
      unit: "count",
      queries: (["5m", "1h", "6h", "3d"] as const).map((lookBack) => ({
        expr: `max(${chosenRatio(objective, lookBack)}) / ${budget}`,
        legend: lookBack,
      })),
      threshold: { warning: 1, critical: FAST_BURN },
      alerts,
    },
    {
      kind: "lines",
      title: `${subject}: error budget left of 30 days`,
      description: "1 is all of it. Below 0 the objective is missed: hold back what could make it worse.",
      unit: "ratio",
      queries: [{ expr: `1 - max(${chosenRatio(objective, "30d")}) / ${budget}`, legend: "left" }],
      threshold: { warning: 0.5, critical: 0, below: true },
      max: 1,
      isSigned: true,
      alerts,
    },
  ];
}
