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
  return new WatchScreen(questions(query), subject).follow(client);
}

/** The picture of some answers as they change, and what keys do with it. */
class WatchScreen {
  readonly #watched: Questions;
  readonly #subject: string;
  readonly #screen: Screen;
  readonly #ending = new AbortController();
  readonly #links = new Map<string, Link>();
  #exitCode = 0;
  #isPaused = false;
  #frozen: readonly string[] | undefined;
  #drawing: NodeJS.Timeout | undefined;
  #fading: NodeJS.Timeout | undefined;

  constructor(watched: Questions, subject: string) {
    this.#watched = watched;
    this.#subject = subject;
    this.#screen = new Screen(process.stdin, process.stdout, {
      onKey: (key) => this.#onKey(key),
      onResize: () => this.#onResize(),
      onInterrupt: () => this.#onInterrupt(),
    });
  }

  /** Shows the answers until somebody quits, and leaves the last picture behind; gives the exit code. */
  async follow(client: Client<typeof ReportingService>): Promise<number> {
    this.#screen.open();
    const ticking = setInterval(() => this.#drawSoon(), TICK_MS);
    try {
      this.#draw();
      await Promise.all(Object.entries(this.#watched).map(([name, one]) => this.#followOne(client, name, one)));
    } finally {
      this.#ending.abort();
      clearInterval(ticking);
      clearTimeout(this.#drawing);
      clearTimeout(this.#fading);
      this.#screen.close();
    }
    this.#isPaused = false;
    const lines = lastFrame(this.#state(), this.#options());
    process.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return this.#exitCode;
  }

  #followOne(client: Client<typeof ReportingService>, name: string, { query, answer }: Watched): Promise<void> {
    return follow({
      open: (signal) => client.watch({ query }, { signal }),
      signal: this.#ending.signal,
      onMessage: (message) => {
        answer.take(message, Date.now());
        this.#drawSoon();
        clearTimeout(this.#fading);
        this.#fading = setTimeout(() => this.#drawSoon(), HIGHLIGHT_MS);
      },
      onLink: (link) => {
        // What was lost is lost until it is live again, however often it is tried.
        if (link.state === "connecting" && this.#links.has(name)) return;
        this.#links.set(name, link);
        this.#drawSoon();
      },
    });
  }

  #draw(): void {
    this.#drawing = undefined;
    this.#screen.draw(this.#isPaused && this.#frozen !== undefined ? this.#frozen : this.#frame());
  }

  #drawSoon(): void {
    this.#drawing ??= setTimeout(() => this.#draw(), FRAME_MS);
  }

  #onKey(key: string): void {
    if (key === "q" || key === "Q") this.#ending.abort();
    if (key !== " ") return;
    this.#isPaused = !this.#isPaused;
    this.#frozen = this.#isPaused ? this.#frame() : undefined;
    this.#draw();
  }

  #onResize(): void {
    // What was frozen was for another size.
    if (this.#isPaused) this.#frozen = this.#frame();
    this.#draw();
  }

  #onInterrupt(): void {
    this.#exitCode = EXIT_INTERRUPTED;
    this.#ending.abort();
  }

  #frame(): readonly string[] {
    return watchFrame(this.#state(), this.#options());
  }

  #state(): WatchState {
    const { total, series, byTotal, bySeries } = this.#watched;
    return {
      total: total.answer,
      series: series.answer,
      ...(byTotal !== undefined && { byTotal: byTotal.answer }),
      ...(bySeries !== undefined && { bySeries: bySeries.answer }),
      subject: this.#subject,
      link: worstOf([...this.#links.values()]),
      isPaused: this.#isPaused,
      nowMs: Date.now(),
    };
  }

  #options(): FrameOptions {
    const { width, height } = this.#screen;
    return { width, height, isUnicode: showsUnicode(), paint: painter(wantsColor()) };
  }
}

type Watched = { readonly query: QueryInit; readonly answer: LiveAnswer };
type Questions = {
  readonly total: Watched;
  readonly series: Watched;
  readonly byTotal?: Watched;
  readonly bySeries?: Watched;
};

/** The questions whose answers make a frame: a unique count over the range is not the sum of those over its buckets. */
function questions(query: QueryInit): Questions {
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
