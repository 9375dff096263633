import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type RedriveDeadLettersRequest,
  type RedriveDeadLettersResponse,
  RedriveDeadLettersResponseSchema,
  RedriveRefusalReason,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { getPrincipal } from "@millrace/runtime";
import { askedProject, letterFilter } from "./letter-filter.ts";
import { letterId } from "./letter-id.ts";
import type { Refusal } from "./redrivable.ts";
import { noProgress, type RedriveProgress, type Redriver } from "./redriver.ts";

/** What the RPC needs. */
export type RedriveDeps = {
  readonly redriver: Redriver;
  /** Aborted when the process stops: a redriving does not hold it up. */
  readonly draining: AbortSignal;
  readonly log: { info(fields: object, message: string): void };
};

const EVENTS_PER_SECOND = 1_000;

/** Progress is told this often. */
const TELL_EVERY_MS = 250;

const REASONS: Readonly<Record<Refusal, RedriveRefusalReason>> = {
  REDRIVEN_BEFORE: RedriveRefusalReason.REDRIVEN_BEFORE,
  STILL_FAILING: RedriveRefusalReason.STILL_FAILING,
  CUT: RedriveRefusalReason.CUT,
  UNSTAMPED: RedriveRefusalReason.UNSTAMPED,
  LATE: RedriveRefusalReason.LATE,
  UNSETTLED: RedriveRefusalReason.UNSETTLED,
};

/** DeadLetterService.RedriveDeadLetters. */
export function createRedriveDeadLetters(deps: RedriveDeps) {
  return async function* redriveDeadLetters(request: RedriveDeadLettersRequest, context: HandlerContext) {
    const principal = getPrincipal(context);
    const projectId = askedProject(principal, request.projectId);
    const { validateOnly, includeRedriven, allowLate, useCurrentRevision } = request;
    const order = {
      accepts: letterFilter(projectId, request.filter),
      eventsPerSecond: request.maxEventsPerSecond || EVENTS_PER_SECOND,
      validateOnly,
      includeRedriven,
      allowLate,
      useCurrentRevision,
    };
    const { accepts: _, ...mode } = order;
    const audit = { audit: true, keyId: principal.keyId, projectId: projectId ?? "(all)", ...mode };
    const signal = AbortSignal.any([context.signal, deps.draining]);
    const progress = noProgress();
    // The work does not wait for whoever reads the answers, and ends with the call whether they are read or not.
    const working = audited(deps, { ...audit, filter: filterFields(request) }, progress, () =>
      deps.redriver.redrive(order, progress, signal),
    );
    const ended = working.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([ended, delay(TELL_EVERY_MS, false)]))) yield answer(progress, false);
    try {
      await working;
    } catch (error) {
      // What the abort made others throw says less than its reason: the drain, the deadline, the caller.
      throw signal.aborted ? signal.reason : error;
    }
    yield answer(progress, true);
  };
}

/** The log says who redrove what, and how it ended: it changes what was counted. */
async function audited(
  { log }: RedriveDeps,
  audit: object,
  progress: RedriveProgress,
  work: () => Promise<void>,
): Promise<void> {
  log.info(audit, "dead letters are to be redriven");
  let message = "the redriving of dead letters ended early";
  try {
    await work();
    message = "dead letters were redriven";
  } finally {
    const { redriven, events, refused } = progress;
    log.info({ ...audit, redriven, events, refused }, message);
  }
}

function answer({ redriven, events, refused, refusals }: RedriveProgress, done: boolean): RedriveDeadLettersResponse {
  return create(RedriveDeadLettersResponseSchema, {
    done,
    redrivenCount: BigInt(redriven),
    eventCount: BigInt(events),
    redrivenBeforeCount: BigInt(refused.REDRIVEN_BEFORE),
    stillFailingCount: BigInt(refused.STILL_FAILING),
    cutCount: BigInt(refused.CUT),
    unstampedCount: BigInt(refused.UNSTAMPED),
    lateCount: BigInt(refused.LATE),
    unsettledCount: BigInt(refused.UNSETTLED),
    refusals: done
      ? refusals.map(({ position, refusal, problem }) => ({
          deadLetterId: letterId(position),
          reason: REASONS[refusal],
          problem,
        }))
      : [],
  });
}

/** The filter as the log's line has it: the ids by their number, the first of them by name. */
function filterFields({ filter }: RedriveDeadLettersRequest): object {
  if (filter === undefined) return {};
  const { deadLetterIds, reasons, startTime, endTime } = filter;
  return {
    letters: deadLetterIds.length,
    firstLetters: deadLetterIds.slice(0, 20),
    reasons,
    fromSeconds: startTime === undefined ? undefined : Number(startTime.seconds),
    toSeconds: endTime === undefined ? undefined : Number(endTime.seconds),
  };
}
