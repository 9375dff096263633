import type { Batch } from "../send/batches.ts";
import { pause } from "../send/retry.ts";
import { eventInitOf } from "./event-init.ts";
import type { Totals } from "./totals.ts";
import { RATE_MAX, type Traffic } from "./traffic.ts";
import type { DemoEvent } from "./visit.ts";

const BATCH_EVENTS_MAX = 1_000;
const TICK_MS = 200;
/** How much of the past is made at once: at the highest rate some ten thousand events. */
const STEP_MS = (20_000 / RATE_MAX) * 1_000;

/** Where the play gets its time from, and when it is over. */
export type Stage = { readonly now: () => number; readonly signal: AbortSignal };

/** Everything up to a time, as fast as it is taken; `onTime` hears how far that is. */
export async function* playPast(
  traffic: Traffic,
  fromMs: number,
  endMs: number,
  options: { readonly signal: AbortSignal; readonly totals: Totals; readonly onTime: (ms: number) => void },
): AsyncGenerator<Batch> {
  let waiting: DemoEvent[] = [];
  for (let ms = fromMs; ms < endMs && !options.signal.aborted; ms += STEP_MS) {
    const until = Math.min(endMs, ms + STEP_MS);
    waiting.push(...traffic.until(until));
    while (waiting.length >= BATCH_EVENTS_MAX || (until === endMs && waiting.length > 0)) {
      if (options.signal.aborted) return;
      yield batchOf(waiting.slice(0, BATCH_EVENTS_MAX), options.totals);
      waiting = waiting.slice(BATCH_EVENTS_MAX);
    }
    options.onTime(until);
  }
}

/** Each event when its time comes, until a time; what has waited meanwhile comes in larger batches. */
export async function* playLive(
  traffic: Traffic,
  endMs: number,
  totals: Totals,
  { now, signal }: Stage,
): AsyncGenerator<Batch> {
  for (;;) {
    const at = Math.min(now(), endMs);
    const due = traffic.until(at);
    for (let from = 0; from < due.length; from += BATCH_EVENTS_MAX) {
      yield batchOf(due.slice(from, from + BATCH_EVENTS_MAX), totals);
    }
    if (at >= endMs || signal.aborted) return;
    await pause(TICK_MS, signal);
    if (signal.aborted) return;
  }
}

function batchOf(events: readonly DemoEvent[], totals: Totals): Batch {
  for (const event of events) totals.add(event);
  return { events: events.map(eventInitOf), lines: events.map(() => 0), end: 0 };
}
