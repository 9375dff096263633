import { Presets, SingleBar } from "cli-progress";
import { elapsed, grouped } from "../output/number-text.ts";
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

/** Shows how far sending is on standard error: a bar on a terminal, else a line every few seconds. */
export function showProgress(source: Source, tally: Tally): Progress {
  const startedAt = performance.now();
  let why: string | undefined;
  let lastRead = 0;
  let lastAt = startedAt;
  let speed = 0;

  function describe(): string {
    const now = performance.now();
    // The speed of the last seconds, not of all the time: a wait should show.
    if (now - lastAt >= 1_000) {
      speed = ((tally.read - lastRead) / (now - lastAt)) * 1_000;
      lastRead = tally.read;
      lastAt = now;
    } else if (speed === 0) speed = (tally.read / Math.max(1, now - startedAt)) * 1_000;
    const parts = [`${grouped(tally.accepted + tally.duplicate)} sent`];
    if (tally.rejected > 0) parts.push(`${grouped(tally.rejected)} rejected`);
    parts.push(why === undefined ? `${grouped(speed)}/s` : `waiting: ${why}`);
    return parts.join(", ");
  }
  if (process.stderr.isTTY === true) return bar(source, describe, (next) => (why = next));

  function line(): void {
    const { size } = source;
    const done = size === undefined ? "" : `${Math.floor((100 * source.bytesRead()) / Math.max(1, size))} %, `;
    process.stderr.write(`${elapsed(performance.now() - startedAt)}: ${done}${describe()}\n`);
  }
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
  return {
    waiting: setWhy,
    stop() {
      clearInterval(timer);
      shown.stop();
    },
  };
}
