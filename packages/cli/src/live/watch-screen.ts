import type { Client } from "@connectrpc/connect";
import type { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { QueryInit } from "../query/build-query.ts";
import { bucketsOf, everyFor } from "../query/every.ts";
import { painter, wantsColor } from "../terminal/color.ts";
import { showsUnicode } from "../terminal/locale.ts";
import { Screen } from "../terminal/screen.ts";
import { EXIT_INTERRUPTED } from "../terminal/stop-at-signals.ts";
import { follow, type Link } from "./follow.ts";
import { LiveAnswer } from "./live-answer.ts";
import { type FrameOptions, HIGHLIGHT_MS, lastFrame, type WatchState, watchFrame } from "./watch-frame.ts";

/** A person does not read faster. */
const FRAME_MS = 80;
/** Ages are shown in seconds. */
const TICK_MS = 1_000;
const ROWS = 50;
/** The most that one page of an answer has. */
const ROWS_MAX = 10_000;

/**
 * Watches on the whole terminal until somebody quits.
 *
 * @param query without a granularity it gets one that suits its range
 * @returns the exit code: 0 after q, 130 after Ctrl-C
 */
export async function watchOnScreen(
  client: Client<typeof ReportingService>,
  query: QueryInit,
  subject: string,
): Promise<number> {
  const ending = new AbortController();
  let exitCode = 0;
  let isPaused = false;
  let frozen: readonly string[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  const links = new Map<string, Link>();
  const watched = questions(query);

  const state = (): WatchState => ({
    total: watched.total.answer,
    series: watched.series.answer,
    ...(watched.byTotal !== undefined && { byTotal: watched.byTotal.answer }),
    ...(watched.bySeries !== undefined && { bySeries: watched.bySeries.answer }),
    subject,
    link: worstOf([...links.values()]),
    isPaused,
    nowMs: Date.now(),
  });
  const options = (): FrameOptions => ({
    width: screen.width,
    height: screen.height,
    isUnicode: showsUnicode(),
    paint: painter(wantsColor()),
  });
  function draw(): void {
    timer = undefined;
    if (isPaused && frozen !== undefined) screen.draw(frozen);
    else screen.draw(watchFrame(state(), options()));
  }
  function drawSoon(): void {
    timer ??= setTimeout(draw, FRAME_MS);
  }
  function onKey(key: string): void {
    if (key === "q" || key === "Q") ending.abort();
    if (key !== " ") return;
    isPaused = !isPaused;
    frozen = isPaused ? watchFrame(state(), options()) : undefined;
    draw();
  }
  function onResize(): void {
    // What was frozen was for another size.
    if (isPaused) frozen = watchFrame(state(), options());
    draw();
  }
  function onInterrupt(): void {
    exitCode = EXIT_INTERRUPTED;
    ending.abort();
  }
  const screen = new Screen(process.stdin, process.stdout, { onKey, onResize, onInterrupt });
  screen.open();
  const ticking = setInterval(drawSoon, TICK_MS);
  let fading: NodeJS.Timeout | undefined;
  try {
    draw();
    const following = Object.entries(watched).map(([name, { query: asked, answer }]) =>
      follow({
        open: (signal) => client.watch({ query: asked }, { signal }),
        signal: ending.signal,
        onMessage(message) {
          answer.take(message, Date.now());
          drawSoon();
          clearTimeout(fading);
          fading = setTimeout(drawSoon, HIGHLIGHT_MS);
        },
        onLink(link) {
          links.set(name, link);
          drawSoon();
        },
      }),
    );
    await Promise.all(following);
  } finally {
    ending.abort();
    clearInterval(ticking);
    clearTimeout(timer);
    clearTimeout(fading);
    screen.close();
  }
  isPaused = false;
  process.stdout.write(
    lastFrame(state(), options())
      .map((line) => `${line}\n`)
      .join(""),
  );
  return exitCode;
}

type Watched = { readonly query: QueryInit; readonly answer: LiveAnswer };

/** The questions whose answers make a frame: a unique count over the range is not the sum of those over its buckets. */
function questions(query: QueryInit): { total: Watched; series: Watched; byTotal?: Watched; bySeries?: Watched } {
  const granularity = query.granularity || everyFor(query.timeRange);
  const order = (query.orderBy ?? []).map(({ field = "", descending = false }) => ({ field, descending }));
  const total: QueryInit = { ...query, dimensions: [], granularity: 0, orderBy: [], limit: 0 };
  const buckets = bucketsOf(query.timeRange, granularity);
  if (buckets > ROWS_MAX)
    throw Failure.invalidField("--every", `that gives ${buckets} values; ${ROWS_MAX} can be shown: give a wider one`);
  const series: QueryInit = { ...total, granularity, limit: ROWS_MAX };
  const all = {
    total: { query: total, answer: new LiveAnswer() },
    series: { query: series, answer: new LiveAnswer() },
  };
  if ((query.dimensions ?? []).length === 0) return all;
  const limit = query.limit || ROWS;
  const byTotal: QueryInit = { ...query, granularity: 0, limit };
  // Every bucket of every series is sent at the first: rather fewer series than a picture that takes long to come.
  const seriesMax = Math.max(1, Math.floor(ROWS_MAX / buckets));
  const bySeries: QueryInit = {
    ...byTotal,
    limit: Math.min(limit, seriesMax),
    granularity,
    metrics: (query.metrics ?? []).slice(0, 1),
    orderBy: [],
  };
  return {
    ...all,
    byTotal: { query: byTotal, answer: new LiveAnswer(order) },
    bySeries: { query: bySeries, answer: new LiveAnswer() },
  };
}

/** Live only when every one is. */
function worstOf(links: readonly Link[]): Link {
  return (
    links.find(({ state }) => state === "lost") ??
    links.find(({ state }) => state === "connecting") ??
    links[0] ?? { state: "connecting" }
  );
}
