import { LOOKS_BACK, OBJECTIVES, type Objective, ratioOver, recordedRates, recordedRatio } from "../objectives.ts";
import { everywhere, questionsIn } from "../promql.ts";
import type { Recording, RuleGroup } from "./rule.ts";

/** What error budgets are computed from: the calls of an objective and the bad ones, and their ratio over each look back. */
export const RECORDINGS: RuleGroup = {
  name: "millrace.objectives",
  rules: OBJECTIVES.flatMap(recordingsOf),
};

function recordingsOf(objective: Objective): Recording[] {
  const questions = questionsIn(everywhere("5m"));
  const recorded = recordedRates(objective);
  const total = objective.total(questions);
  return [
    { record: recorded.total, expr: total },
    // Without a bad call there is no series of bad calls; over a long time that must be a 0 and not a gap.
    { record: recorded.bad, expr: `(${objective.bad(questions)}) or 0 * (${total})` },
    ...LOOKS_BACK.map((lookBack) => ({
      record: recordedRatio(objective, lookBack),
      expr: ratioOver(objective, lookBack),
    })),
  ];
}
