import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DeadLetterFilter } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { type Principal, projectOf } from "@millrace/runtime";
import { letterId } from "./letter-id.ts";
import { reasonNumber } from "./letter-message.ts";
import type { Sketch } from "./letter-pages.ts";

/**
 * The project whose letters a caller asks for; undefined for those of all projects, which only a credential of all
 * projects can ask for.
 *
 * @throws Failure `notFound` when a credential of one project names another
 */
export function askedProject(principal: Principal, projectId: string): string | undefined {
  const isAll = projectId === "" && principal.projectId === undefined;
  return isAll ? undefined : projectOf(principal, projectId);
}

/** Which letters a project and a filter mean. */
export function letterFilter(
  projectId: string | undefined,
  filter: DeadLetterFilter | undefined,
): (letter: Sketch) => boolean {
  const ids = new Set(filter?.deadLetterIds);
  const reasons = new Set(filter?.reasons);
  const fromMs = filter?.startTime === undefined ? Number.NEGATIVE_INFINITY : timestampMs(filter.startTime);
  const toMs = filter?.endTime === undefined ? Number.POSITIVE_INFINITY : timestampMs(filter.endTime);
  return (letter) =>
    (projectId === undefined || letter.projectId === projectId) &&
    (reasons.size === 0 || reasons.has(reasonNumber(letter.reason))) &&
    letter.createTimeMs >= fromMs &&
    letter.createTimeMs < toMs &&
    (ids.size === 0 || ids.has(letterId(letter.position)));
}
