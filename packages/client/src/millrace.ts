import type { Answer, Row, Update } from "./query/answer.ts";
import type { CallOptions, Comparison, Granularity, Question } from "./query/question.ts";
import type { Stats } from "./stats.ts";
import type { EventDefaults, EventOptions, Properties } from "./track.ts";

/** What `flush` and `close` take. */
export type FlushOptions = {
  /** After how long to give up, in milliseconds. Absent: 10,000. */
  readonly timeoutMs?: number;
};

/** What `flush` and `close` give. */
export type Flushed = {
  /** How many events are not known to be durable at the server. 0: all are. */
  readonly pending: number;
};

/** A client. Its scopes, made by `with`, share its buffer and its connection. */
export interface Millrace {
  /**
   * Takes an event and returns at once; it is sent in the background. Never throws for what the server does, nor for a
   * wrong event: that is told by `onIssue` and counted.
   *
   * @param name what happened, 1 to 128 bytes of UTF-8, such as "page_view"
   * @param properties copied before `track` returns
   * @returns true when the event is in the buffer, or with a spool on disk; false when it was rejected or dropped
   */
  track(name: string, properties?: Properties, options?: EventOptions): boolean;
  /** A client whose events have these defaults beside the ones of this client; the new ones win. */
  with(defaults: EventDefaults): Millrace;
  /** Resolves when the buffer has room; at once when it has. For the policy `wait`. */
  ready(): Promise<void>;
  /** Sends what was tracked before, and waits until it is durable at the server, or the time is over. Never rejects. */
  flush(options?: FlushOptions): Promise<Flushed>;
  /**
   * Flushes, then ends the client and its scopes: `track` gives false from then on. What could not be sent in time is
   * dropped and counted, or stays in the spool where there is one. Idempotent; never rejects.
   */
  close(options?: FlushOptions): Promise<Flushed>;
  /** What became of the events so far. */
  stats(): Stats;
  /**
   * Asks a question. The rows have the metrics and dimensions by their names, and the compiler knows them. Needs a key
   * with the scope `report`.
   *
   * @throws Failure as the server says it: `invalid` names the field and the nearest valid choice
   */
  query<
    const Metric extends string,
    const Dimension extends string = never,
    Series extends Granularity = never,
    Compared extends Comparison = never,
    Exact extends boolean = false,
  >(
    question: Question<Metric, Dimension, Series, Compared, Exact>,
    options?: CallOptions,
  ): Promise<Answer<Row<Metric, Dimension, Series, Compared, Exact>>>;
  /**
   * Asks a question that is answered again as the answer changes: each turn gives all current rows and what has changed.
   * Reconnects by itself; ends when its signal aborts or the loop is left.
   *
   * @throws Failure as `query`, when asking again would not help
   */
  watch<
    const Metric extends string,
    const Dimension extends string = never,
    Series extends Granularity = never,
    Compared extends Comparison = never,
    Exact extends boolean = false,
  >(
    question: Question<Metric, Dimension, Series, Compared, Exact>,
    options?: Pick<CallOptions, "signal">,
  ): AsyncIterable<Update<Row<Metric, Dimension, Series, Compared, Exact>>>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
