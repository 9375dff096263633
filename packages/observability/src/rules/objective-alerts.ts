import {
  badPart,
  budgetAlerts,
  FAST_BURN,
  type LookBack,
  OBJECTIVES,
  type Objective,
  promiseOf,
  recordedRatio,
  subjectOf,
} from "../objectives.ts";
import type { Alert, RuleGroup } from "./rule.ts";

/**
 * How many times as fast as planned a budget of 30 days burns, over a long time and, so that the alert ends with its
 * cause, over a short one too. Source: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
 */
type Burning = { readonly factor: number; readonly long: LookBack; readonly short: LookBack };

/** 2 % of the budget in an hour, 5 % in six. */
const FAST: readonly Burning[] = [
  { factor: FAST_BURN, long: "1h", short: "5m" },
  { factor: 6, long: "6h", short: "30m" },
];
/** 10 % of the budget in a day, or in three. */
const SLOW: readonly Burning[] = [
  { factor: 3, long: "1d", short: "2h" },
  { factor: 1, long: "3d", short: "6h" },
];

/** Alerts about what is promised of calls. */
export const OBJECTIVE_ALERTS: RuleGroup = {
  name: "millrace.error-budgets",
  rules: OBJECTIVES.flatMap(alertsOf),
};

function alertsOf(objective: Objective): Alert[] {
  const { service } = objective;
  const subject = subjectOf(objective);
  const promise = promiseOf(objective);
  const { fast, slow } = budgetAlerts(objective);
  return [
    {
      name: fast,
      severity: "critical",
      for: "2m",
      expr: burns(objective, FAST),
      summary: `${subject}: {{ $value | humanizePercentage }} fail; the error budget of 30 days is gone in days`,
      description: `${promise} At this rate the budget is used up in five days or less.`,
      service,
    },
    {
      name: slow,
      severity: "warning",
      for: "15m",
      expr: burns(objective, SLOW),
      summary: `${subject}: {{ $value | humanizePercentage }} fail; the error budget of 30 days does not last`,
      description: `${promise} At this rate the budget does not last 30 days.`,
      service,
    },
  ];
}

function burns(objective: Objective, burnings: readonly Burning[]): string {
  return burnings
    .map(({ factor, long, short }) => {
      const limit = badPart(objective, factor);
      return `(${recordedRatio(objective, long)} > ${limit} and ${recordedRatio(objective, short)} > ${limit})`;
    })
    .join("\nor\n");
}
