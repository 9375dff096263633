import { Presets, SingleBar } from "cli-progress";
import { elapsed, grouped } from "../output/number-text.ts";
import { Pace, roughly } from "./pace.ts";
import type { Source } from "./source.ts";
import type { Tally } from "./tally.ts";

/** What is shown while a file is sent. */
export type Progress = {
  /** Why sending waits; undefined: it does not. */
  readonly waiting: (why: string | undefined) => void;
  readonly stop: () => void;
};

const BAR_INTERVAL_MS = 200;
const LINE_INTERVAL_MS = 5_000;

/**
 * Shows how far sending is on standard error: a bar on a terminal, else a line every few seconds; with the speed, and how
 * long the rest will take.
 */
export function showProgress(source: Source, tally: Tally): Progress {
  const startedAt = performance.now();
  const pace = new Pace();
  let why: string | undefined;

  function describe(): string {
    pace.add(performance.now() - startedAt, source.bytesRead(), tally.read, tally.resumed);
    const parts = [`${grouped(tally.accepted + tally.duplicate)} sent`];
    if (tally.resumed > 0) parts.push(`${grouped(tally.resumed)} before`);
    if (tally.rejected > 0) parts.push(`${grouped(tally.rejected)} rejected`);
    if (why !== undefined) return [...parts, `waiting: ${why}`].join(", ");
    parts.push(`${grouped(pace.rowsPerSecond)}/s`);
    const { size } = source;
    const remaining = size === undefined ? undefined : pace.remainingMs(size);
    if (remaining !== undefined) parts.push(`${roughly(remaining)} left`);
    return parts.join(", ");
  }
  if (process.stderr.isTTY === true) return bar(source, describe, (next) => (why = next));

  function line(): void {
    const { size } = source;
    const done = size === undefined ? "" : `${Math.floor((100 * source.bytesRead()) / Math.max(1, size))} %, `;
    process.stderr.write(`${elapsed(performance.now() - startedAt)}: ${done}${describe()}\n`);
  }
  pace.add(0, 0, 0);
  const timer = setInterval(line, LINE_INTERVAL_MS);
  function waiting(next: string | undefined): void {
    if (next !== undefined && next !== why) process.stderr.write(`waiting: ${next}\n`);
    why = next;
  }
  return { waiting, stop: () => clearInterval(timer) };
}

function bar(source: Source, describe: () => string, setWhy: (why: string | undefined) => void): Progress {
  const { size } = source;
  const format = size === undefined ? "{text}" : "[{bar}] {percentage} %  {text}";
  const shown = new SingleBar(
    {
      format,
      stream: process.stderr,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      linewrap: false,
    },
    Presets.rect,
  );
  shown.start(Math.max(1, size ?? 1), 0, { text: describe() });
  const timer = setInterval(() => shown.update(source.bytesRead(), { text: describe() }), BAR_INTERVAL_MS);
  function stop(): void {
    clearInterval(timer);
    process.off("exit", stop);
    shown.stop();
  }
  // However the process ends, the cursor comes back.
  process.on("exit", stop);
  return { waiting: setWhy, stop };
}
