import { wholeRange } from "./plan.ts";
import type { Shaped } from "./shape.ts";
import { excludedBy } from "./values.ts";

/** What a reader of an answer should know, for people. */
export function noticesOf({ question, legs, asked, compared, rows }: Shaped): string[] {
  const notices: string[] = [];
  const parts = compared === undefined ? [asked] : [asked, compared];
  const start = Math.min(...parts.map(({ plan }) => wholeRange(plan).start));
  for (const { rollup, startMs } of legs.legs) {
    if (start >= startMs) continue;
    notices.push(`The rollup "${rollup.name}" counts what is received since ${new Date(startMs).toISOString()}.`);
  }
  for (const [index, { rollup }] of legs.legs.entries()) {
    const tallies = parts.map(({ reading }) => reading.tallies[index]!);
    if (tallies.some((tally) => tally.tail !== undefined)) {
      notices.push(
        `The rollup "${rollup.name}" met more combinations than it keeps; the tail is put together as "(other)".`,
      );
    }
    if (tallies.some((tally) => tally.leftOut)) {
      notices.push(
        `The rollup "${rollup.name}" met more combinations than it keeps; the filter leaves out its tail "(other)", ` +
          "which may hold events that match.",
      );
    }
  }
  for (const [index, { asked: name }] of question.metrics.entries()) {
    const excluded = rows.reduce((sum, { tuple, ranked }) => sum + excludedBy(tuple.state(index, ranked.bucket)), 0);
    if (excluded > 0) notices.push(`${name} leaves out ${excluded} values that are not finite or beyond 10^15.`);
  }
  return notices;
}
