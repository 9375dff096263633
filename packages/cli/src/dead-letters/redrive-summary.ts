import { toJson } from "@bufbuild/protobuf";
import {
  type RedriveDeadLettersResponse,
  RedriveDeadLettersResponseSchema,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { grouped } from "../output/number-text.ts";
import type { Thing } from "../output/things.ts";

/** What became of letters, count by count; and the first ones that stay, with why. */
export function redriveSummary(answer: RedriveDeadLettersResponse, isDryRun: boolean): Thing {
  const counts: [string, bigint, string][] = [
    [isDryRun ? "would be redriven" : "redriven", answer.redrivenCount, eventsNote(answer)],
    ["redriven before", answer.redrivenBeforeCount, "--again redrives them once more"],
    ["still failing", answer.stillFailingCount, ""],
    ["too late by now", answer.lateCount, "--even-late redrives them; their ids may be forgotten"],
    ["cut", answer.cutCount, "too large to be kept whole"],
    ["without stamps", answer.unstampedCount, "kept by an earlier release"],
    ["not committed yet", answer.unsettledCount, "try again in a minute"],
  ];
  const values = counts
    .filter(([, count], at) => at === 0 || count > 0n)
    .map(([label, count, note]) => [label, `${grouped(count)}${note === "" ? "" : `  ${note}`}`] as const);
  const refusals = answer.refusals.map(({ deadLetterId, problem }) => [deadLetterId, problem] as const);
  return { values: [...values, ...refusals], document: toJson(RedriveDeadLettersResponseSchema, answer) };
}

/** How far a redriving is, on one line. */
export function progressLine(answer: RedriveDeadLettersResponse): string {
  const stay =
    answer.redrivenBeforeCount +
    answer.stillFailingCount +
    answer.cutCount +
    answer.unstampedCount +
    answer.lateCount +
    answer.unsettledCount;
  return `${grouped(answer.redrivenCount)} redriven${stay > 0n ? `, ${grouped(stay)} stay` : ""}`;
}

function eventsNote({ redrivenCount, eventCount }: RedriveDeadLettersResponse): string {
  return eventCount === redrivenCount ? "" : `${grouped(eventCount)} events`;
}
