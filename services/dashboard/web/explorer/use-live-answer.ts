import { useWatch } from "../live/use-watch.ts";
import { type Question, queryOf } from "../question/question.ts";
import { type Answered, useAnswer } from "../question/use-answer.ts";
import { useIsOver, useMinute } from "../time/use-minute.ts";
import { fits } from "./asked.ts";

/** An answer, and whether it follows what arrives. */
export type LiveAnswer = Answered & { readonly isLive: boolean };

/** Answers a question: again and again while its range goes on, once where it is over. */
export function useLiveAnswer(question: Question): LiveAnswer {
  const minute = useMinute();
  const isLive = !useIsOver(question.range, question.zone);
  const query = queryOf(question, minute);
  const watched = useWatch(isLive ? query : undefined);
  const answered = useAnswer(isLive ? undefined : query, "still");
  const { result, problem, isOld } = isLive ? watched : answered;
  const isFitting = result !== undefined && fits(result, question);
  return { result: isFitting ? result : undefined, problem, isOld: isOld && isFitting, isLive };
}
