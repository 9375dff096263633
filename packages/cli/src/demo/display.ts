import type { Stats } from "@millrace/client";
import { elapsed, grouped } from "../output/number-text.ts";
import { Pace, roughly } from "../send/pace.ts";
import { counted, type Totals } from "./totals.ts";

/** What is shown while a demo plays. */
export type Display = {
  /** How much of the past is sent, from 0 to 1. */
  readonly past: (part: number) => void;
  readonly pastEnd: (totals: Totals, ms: number) => void;
  /** From now on it is live. */
  readonly live: (totals: Totals) => void;
  /** Why sending waits; undefined: it does not. */
  readonly waiting: (why: string | undefined) => void;
  readonly stop: () => void;
};

const TERMINAL_INTERVAL_MS = 250;
const LINE_INTERVAL_MS = 10_000;
/** A part as a number of steps, since a pace is of whole things. */
const STEPS = 1_000_000;

/** Shows on standard error how a demo goes: a line in place on a terminal, else one every few seconds. */
export function showDemo(stats: () => Stats): Display {
  const isTerminal = process.stderr.isTTY === true;
  let text: (() => string) | undefined;
  let why: string | undefined;
  let pace = new Pace();
  let part = 0;

  function sent(): number {
    const { accepted, duplicate } = stats();
    return accepted + duplicate;
  }
  function sample(): Pace {
    pace.add(performance.now(), part * STEPS, sent());
    return pace;
  }
  function draw(): void {
    if (text === undefined) return;
    // It goes on as soon as an attempt goes well.
    if (stats().trouble === undefined) why = undefined;
    const line = why === undefined ? text() : `waiting: ${why}`;
    process.stderr.write(isTerminal ? `\r\x1b[K${fitted(line)}` : `${line}\n`);
  }
  function clear(): void {
    if (isTerminal && text !== undefined) process.stderr.write("\r\x1b[K");
  }
  const timer = setInterval(draw, isTerminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS);
  return {
    past(next) {
      part = next;
      text = () => {
        const left = sample().remainingMs(STEPS);
        const rest = left === undefined ? "" : `, ${roughly(left)} left`;
        return `Past: ${Math.floor(part * 100)} %, ${counted(sent(), "event")}, ${grouped(pace.rowsPerSecond)}/s${rest}`;
      };
    },
    pastEnd(totals, ms) {
      clear();
      process.stderr.write(`Sent the past in ${elapsed(ms)}: ${counted(totals.events, "event")} (${totals.text}).\n`);
      process.stderr.write("Long ranges show all of it within a minute or so.\n");
    },
    live(totals) {
      pace = new Pace();
      text = () => {
        const speed = sample().rowsPerSecond;
        return `Live: ${counted(totals.events, "event")}, ${speed.toFixed(1)}/s; ${totals.text}`;
      };
      if (isTerminal) draw();
    },
    waiting(next) {
      if (next !== undefined && next !== why && !isTerminal) process.stderr.write(`waiting: ${next}\n`);
      why = next;
    },
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

function fitted(line: string): string {
  const width = (process.stderr.columns ?? 80) - 1;
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
