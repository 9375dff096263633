import type { Millrace } from "@millrace/client";
import { pause } from "../send/retry.ts";
import { RATE_MAX } from "./rate.ts";
import type { Totals } from "./totals.ts";
import type { Traffic } from "./traffic.ts";
import type { DemoEvent } from "./visit.ts";

const TICK_MS = 200;
/** How many events may wait to be sent, far fewer than the client has room for; looked at so often, in events and time. */
const WAITING_MAX = 20_000;
const LOOK_EVERY = 500;
const ROOM_MS = 10;
/** How much of the past is made at once: at the highest rate some ten thousand events. */
const STEP_MS = (20_000 / RATE_MAX) * 1_000;

/** Whom a play sends to, where it gets its time from, and what ends it. */
export type Stage = {
  readonly millrace: Millrace;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/** Tracks everything from one time to another, as fast as it is taken; `onTime` hears how far that is. */
export async function playPast(
  traffic: Traffic,
  [fromMs, endMs]: readonly [fromMs: number, endMs: number],
  stage: Stage,
  options: { readonly totals: Totals; readonly onTime: (ms: number) => void },
): Promise<void> {
  for (let ms = fromMs; ms < endMs && !stage.signal.aborted; ms += STEP_MS) {
    const untilMs = Math.min(endMs, ms + STEP_MS);
    await trackAll(traffic.until(untilMs), stage, options.totals);
    options.onTime(untilMs);
  }
}

/** Tracks each event when its time comes, until a time. */
export async function playLive(traffic: Traffic, endMs: number, stage: Stage, totals: Totals): Promise<void> {
  while (!stage.signal.aborted) {
    const at = Math.min(stage.now(), endMs);
    await trackAll(traffic.until(at), stage, totals);
    if (at >= endMs) return;
    await pause(TICK_MS, stage.signal);
  }
}

/** Tracks events, and waits where the client has enough to send: it drops none so. */
async function trackAll(events: readonly DemoEvent[], { millrace, signal }: Stage, totals: Totals): Promise<void> {
  for (const [at, event] of events.entries()) {
    if (at % LOOK_EVERY === 0) await roomIn(millrace, signal);
    if (signal.aborted) return;
    const { name, properties, timeMs, eventId, userId, anonymousId, sessionId } = event;
    if (millrace.track(name, properties, { time: timeMs, eventId, userId, anonymousId, sessionId })) totals.add(event);
  }
}

async function roomIn(millrace: Millrace, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { queued, inFlight } = millrace.stats();
    if (queued + inFlight <= WAITING_MAX) return;
    await pause(ROOM_MS, signal);
  }
}
