import type { Question } from "../question/question.ts";
import { type View, writeView } from "../url/view.ts";
import { NEW_EXPLORATION, writeExploration } from "./exploration.ts";

/** The query of the explorer's address that asks a question of another view, with what else is looked at there. */
export function exploreSearch(view: View, { metrics, dimensions = [], range, filters }: Question): URLSearchParams {
  const looked = writeView({ ...view, range, metric: undefined, filters: filters ?? view.filters });
  return writeExploration({ ...NEW_EXPLORATION, metrics, dimensions }, looked);
}
