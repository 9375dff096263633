/** A timer that does not keep a process alive, unless it is asked to. */
export type Timer = { cancel(): void };

/** Time and chance as the client sees them, so that tests can hold both. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  elapsed(): number;
  /** Calls `run` once after `ms`. The process may end before that unless `holds` is true. */
  after(ms: number, run: () => void, holds?: boolean): Timer;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  random(): number;
};

/** What is longer, `Infinity` too, timers take for nothing. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of the system. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  after(ms, run, holds = false) {
    const timer: unknown = setTimeout(run, Math.min(ms, TIMER_MS_MAX));
    if (!holds && isNodeTimer(timer)) timer.unref();
    return { cancel: () => clearTimeout(timer as never) };
  },
};

/** Browsers have numbers for timers, which hold nothing. */
function isNodeTimer(timer: unknown): timer is { unref(): void } {
  return typeof timer === "object" && timer !== null && "unref" in timer;
}
