import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { EventBatchReader, type SectionHeader, type StampedEvent } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { Plan } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";
import { EventDecoder, emptyEvent } from "../decode/event-decoder.ts";
import { IMPORT_CLAIM_MS } from "../fold/claim-lifetime.ts";
import type { Plans } from "../fold/plans.ts";
import type { EventStamps } from "./dead-letters.ts";
import type { FoundLetter } from "./letter-pages.ts";
import { stampsAt } from "./stamps.ts";

/** Why a letter is not redriven. */
export type Refusal = "REDRIVEN_BEFORE" | "STILL_FAILING" | "CUT" | "UNSTAMPED" | "LATE" | "UNSETTLED";

/** An event as it is appended again. */
export type RedrivenEvent = { readonly header: SectionHeader; readonly event: StampedEvent };

/** What becomes of a letter. */
export type Verdict =
  | { readonly events: readonly RedrivenEvent[] }
  | { readonly refusal: Refusal; readonly problem: string };

/** How letters are redriven, where it is not as usual. */
export type RedriveMode = {
  readonly includeRedriven: boolean;
  readonly allowLate: boolean;
  readonly useCurrentRevision: boolean;
};

/** What judging a letter needs. */
export type RedrivableDeps = {
  readonly plans: Plans;
  readonly snapshot: Snapshot;
  readonly clock: { now(): number };
};

/**
 * Whether a letter can be redriven, and with which events. What would fail again stays where it is: the event is decoded
 * and folded for a try, and nothing comes of that.
 *
 * @param isSettled whether the letter's own record is committed: before that a replay may claim for it once more, and its
 *   redriven event would be the duplicate
 * @throws Failure `unavailable` while config is away; the signal's reason when it aborts
 */
export async function judge(
  letter: FoundLetter,
  isSettled: boolean,
  mode: RedriveMode,
  deps: RedrivableDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  const { redriven, cutFromBytes, bytes, stamps, projectId } = letter;
  if (redriven !== undefined && !mode.includeRedriven) return refused("REDRIVEN_BEFORE", "it was redriven before");
  if (cutFromBytes !== undefined) return refused("CUT", `only a part of its ${cutFromBytes} bytes was kept`);
  if (!isSettled) return refused("UNSETTLED", "its record is not committed yet; it can be redriven in about a minute");
  if (bytes === undefined) return refused("STILL_FAILING", "it is no longer kept");
  try {
    let events: readonly RedrivenEvent[];
    if (projectId === "") events = eventsFrom(bytes, letter.position.index);
    else if (stamps === undefined) return refused("UNSTAMPED", "an earlier release kept it, without its stamps");
    else events = [await mended(projectId, stamps, bytes, mode, deps, signal)];
    for (const event of events) {
      if (mode.allowLate || event.event.late) continue;
      const definitions = await deps.snapshot.definitions(event.header.projectId, { signal });
      if (!isLateBy(deps.clock.now(), event, definitions)) continue;
      return refused("LATE", "it would be late by now: its id may be forgotten, and it could count twice");
    }
    return { events };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof Failure && (error.kind === "unavailable" || error.kind === "cancelled")) throw error;
    return refused("STILL_FAILING", error instanceof Error ? error.message : String(error));
  }
}

/**
 * The events of a record from one on: those that were not folded when it could not be read.
 *
 * @throws Failure `corrupt` when it still can't be read
 */
function eventsFrom(bytes: Uint8Array, index: number): readonly RedrivenEvent[] {
  const events: RedrivenEvent[] = [];
  const reader = new EventBatchReader(bytes);
  while (reader.nextSection()) {
    while (reader.nextEvent()) {
      if (reader.index < index) continue;
      const event = reader.buffer.subarray(reader.from, reader.to);
      events.push(redrivenEvent(reader.projectId, stampsAt(reader), event));
    }
  }
  return events;
}

/**
 * The event of a letter, if it can be folded.
 *
 * @throws what decoding and folding it throw; Failure `notFound` when there is no such revision
 */
async function mended(
  projectId: string,
  stamps: EventStamps,
  bytes: Uint8Array,
  mode: RedriveMode,
  { plans, snapshot }: RedrivableDeps,
  signal: AbortSignal,
): Promise<RedrivenEvent> {
  const { processingVersion } = stamps;
  async function planAt(revision: number): Promise<Plan> {
    const found =
      plans.peek(projectId, revision, processingVersion) ??
      (await plans.load(projectId, revision, processingVersion, signal));
    return found.plan;
  }
  try {
    tryFold(await planAt(stamps.revision), stamps, bytes);
    return redrivenEvent(projectId, stamps, bytes);
  } catch (error) {
    if (!mode.useCurrentRevision || !(error instanceof Failure) || error.kind !== "notFound") throw error;
    const definitions = await snapshot.definitions(projectId, { signal });
    const current = { ...stamps, revision: Number(definitions.revision) };
    tryFold(await planAt(current.revision), current, bytes);
    return redrivenEvent(projectId, current, bytes);
  }
}

/** Decodes an event and folds it into a delta that nobody takes. */
function tryFold(plan: Plan, stamps: EventStamps, bytes: Uint8Array): void {
  const { timeMs, receivedAtMs, late, userAgent, assignedId } = stamps;
  const event = Object.assign(emptyEvent(), { timeMs, receivedAtMs, late, userAgent });
  new EventDecoder().decode(Buffer.from(bytes), 0, bytes.length, event);
  if (assignedId !== "") event.eventId = assignedId;
  if (event.eventId === "") throw new Failure("corrupt", "DATA_CORRUPT", "the event has no id");
  if (!late) plan.fold(plan.newDelta(receivedAtMs), event);
}

function redrivenEvent(projectId: string, stamps: EventStamps, bytes: Uint8Array): RedrivenEvent {
  const { revision, processingVersion, imported, receivedAtMs, userAgent, ...event } = stamps;
  const header = { projectId, revision, processingVersion, imported, receivedAtMs, userAgent };
  return { header, event: { ...event, bytes } };
}

/**
 * Whether ingest would call an event late if it came now, by the window in force at the event's own time. Past it a claim
 * of the same id, sent again meanwhile, may be forgotten (P6). Claims of imports are kept for a time of their own.
 */
function isLateBy(nowMs: number, { header, event }: RedrivenEvent, { lateWindows }: Definitions): boolean {
  if (header.imported) return nowMs > header.receivedAtMs + IMPORT_CLAIM_MS;
  const inForce = lateWindows.findLast(
    ({ startTime }, at) => at === 0 || startTime === undefined || timestampMs(startTime) <= event.timeMs,
  );
  const windowMs = inForce?.window === undefined ? 0 : durationMs(inForce.window);
  return event.timeMs < nowMs - windowMs;
}

function refused(refusal: Refusal, problem: string): Verdict {
  return { refusal, problem };
}
