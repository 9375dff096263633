import type { Panel } from "../../grafana/panel.ts";
import { type LookBack, type Objective, recordedRatio } from "../../objectives.ts";

/** The recorded part of calls that were bad, in the chosen namespaces. Recorded series have no job to choose by. */
export function chosenRatio(objective: Objective, lookBack: LookBack): string {
  return `${recordedRatio(objective, lookBack)}{namespace=~"$namespace"}`;
}

/** How fast the error budget of an objective burns, and what is left of it. */
export function errorBudgetGraphs(objective: Objective): Panel[] {
  const { name, title, target } = objective;
  const subject = name[0]!.toUpperCase() + name.slice(1);
  const budget = Math.round((1 - target) * 1e6) / 1e6;
  const alerts = [`Millrace${subject}BudgetBurnsFast`, `Millrace${subject}BudgetBurnsSlowly`];
  return [
    {
      kind: "lines",
      title: `${subject}: how fast the error budget burns`,
      description: `1 uses up the budget of 30 days in 30 days; at 14.4 somebody is called. The objective: ${target * 100} % of ${title}.`,
      unit: "count",
      queries: (["5m", "1h", "6h", "3d"] as const).map((lookBack) => ({
        expr: `max(${chosenRatio(objective, lookBack)}) / ${budget}`,
        legend: lookBack,
      })),
      threshold: { warning: 1, critical: 14.4 },
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
