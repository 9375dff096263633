/**
 * Somebody watches a question while events stream in; whatever was sent to them, put together, is what a query gives when
 * the stream has ended.
 */
import { toJsonString } from "@bufbuild/protobuf";
import { type Result, type Row, RowSchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService, type WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type Millrace, startMillrace, until } from "@millrace/harness";
import { createTicks, Granularity, HABITS, lastDays, Producer, type Question } from "@millrace/harness/load";
import { expect, it, onTestFinished } from "vitest";

const PROJECT = "ticks";
const EVENTS_MIN = 2_000;
const CHANGES_MIN = 3;
/** Generous: it should take half a second. */
const SEEN_WITHIN_MS = 10_000;

const QUESTIONS: Readonly<Record<string, Question>> = {
  "a total": { metrics: ["ticks", "amount"], timeRange: lastDays(2) },
  "by dimension": { metrics: ["ticks", "amount"], dimensions: ["producer"], timeRange: lastDays(2) },
  "a series": { metrics: ["ticks"], granularity: Granularity.GRANULARITY_1H, timeRange: lastDays(2) },
  "the top two": { metrics: ["amount"], dimensions: ["producer"], timeRange: lastDays(2), limit: 2 },
};

/** An answer, put together from what a watch sends. */
class Watcher {
  readonly rows = new Map<string, string>();
  changes = 0;
  #keys = 0;

  async follow(millrace: Millrace, query: Question, signal: AbortSignal): Promise<void> {
    const watch = millrace.client(ReportingService).watch({ query }, { signal });
    try {
      for await (const message of watch) this.#take(message);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #take({ kind }: WatchResponse): void {
    if (kind.case === "whole") {
      this.#keys = keysOf(kind.value);
      this.rows.clear();
      for (const row of kind.value.rows) this.#put(row);
    } else if (kind.case === "change") {
      this.changes++;
      for (const row of kind.value.removedRows) this.rows.delete(keyOf(row, this.#keys));
      for (const row of kind.value.changedRows) this.#put(row);
    }
  }

  #put(row: Row): void {
    this.rows.set(keyOf(row, this.#keys), toJsonString(RowSchema, row));
  }
}

/** How many values of a row tell it apart: all but the metrics. */
function keysOf({ columns }: Result): number {
  return columns.filter(({ name }) => name === "time" || name === "producer").length;
}

function keyOf({ values }: Row, keys: number): string {
  return JSON.stringify(values.slice(0, keys).map(({ kind }) => kind.value));
}

async function queried(millrace: Millrace, query: Question): Promise<Map<string, string>> {
  const { result } = await millrace.client(ReportingService).query({ query });
  const keys = keysOf(result!);
  return new Map(result!.rows.map((row) => [keyOf(row, keys), toJsonString(RowSchema, row)]));
}

it("shows a watcher, change by change, what a query gives in the end", async () => {
  const millrace = await startMillrace();
  const key = await createTicks(millrace, PROJECT);
  const ending = new AbortController();
  const watchers = Object.entries(QUESTIONS).map(([title, question]) => {
    const query = { ...question, projectId: PROJECT };
    const watcher = new Watcher();
    return { title, query, watcher, followed: watcher.follow(millrace, query, ending.signal) };
  });
  // Looked at below; a test that fails before that has said enough.
  void Promise.allSettled(watchers.map(({ followed }) => followed));
  onTestFinished(() => ending.abort());
  const startMs = performance.now();
  const producers = HABITS.map((habit) => new Producer(millrace, PROJECT, key, habit));
  const runs = producers.map((producer) => producer.run(ending.signal));
  const acknowledged = () => producers.reduce((sum, { account }) => sum + account.acknowledged, 0);
  await until("enough was sent, and seen", () => {
    return acknowledged() >= EVENTS_MIN && watchers.every(({ watcher }) => watcher.changes >= CHANGES_MIN);
  });
  for (const producer of producers) producer.stop();
  await Promise.all(runs);
  const sentMs = performance.now();
  await millrace.untilCounted(PROJECT, acknowledged());
  const countedMs = performance.now();
  for (const { title, query, watcher } of watchers) {
    const answer = await queried(millrace, query);
    const isSeen = () =>
      watcher.rows.size === answer.size && [...answer].every(([row, values]) => watcher.rows.get(row) === values);
    await until(`the watcher of ${title} has seen everything`, isSeen, { withinMs: SEEN_WITHIN_MS }).catch((error) => {
      expect(Object.fromEntries(watcher.rows), title).toEqual(Object.fromEntries(answer));
      throw error;
    });
  }
  const seenMs = performance.now();
  const times = [sentMs - startMs, countedMs - sentMs, seenMs - countedMs].map((ms) => ms.toFixed(0));
  process.stdout.write(
    `${acknowledged()} events: sent in ${times[0]} ms, counted ${times[1]}, seen ${times[2]} ms later\n`,
  );
  ending.abort();
  await Promise.all(watchers.map(({ followed }) => followed));
});
