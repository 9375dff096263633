import type { Flushed, FlushOptions, Millrace } from "./millrace.ts";
import type { Producer } from "./producer.ts";
import type { Answer, Row, Update } from "./query/answer.ts";
import type { CallOptions, Comparison, Granularity, Question } from "./query/question.ts";
import type { Reporter } from "./query/reporter.ts";
import type { Stats } from "./stats.ts";
import type { EventDefaults, EventOptions, Properties } from "./track.ts";

/** A client, or a part of one with defaults of its own. */
export class Scope implements Millrace {
  readonly #producer: Producer;
  readonly #reporter: Reporter;
  readonly #defaults: EventDefaults;

  constructor(producer: Producer, reporter: Reporter, defaults: EventDefaults) {
    this.#producer = producer;
    this.#reporter = reporter;
    this.#defaults = defaults;
  }

  track(name: string, properties?: Properties, options?: EventOptions): boolean {
    return this.#producer.track(name, properties, options, this.#defaults);
  }

  with(defaults: EventDefaults): Millrace {
    return new Scope(this.#producer, this.#reporter, merge(this.#defaults, defaults));
  }

  ready(): Promise<void> {
    return this.#producer.ready();
  }

  flush(options?: FlushOptions): Promise<Flushed> {
    return this.#producer.flush(options);
  }

  close(options?: FlushOptions): Promise<Flushed> {
    return this.#producer.close(options);
  }

  stats(): Stats {
    return this.#producer.stats();
  }

  // The columns of an answer are those of its question, which the compiler can't see in what comes over the network.
  query<
    const Metric extends string,
    const Dimension extends string = never,
    Series extends Granularity = never,
    Compared extends Comparison = never,
    Exact extends boolean = false,
  >(question: Question<Metric, Dimension, Series, Compared, Exact>, options?: CallOptions) {
    type Typed = Answer<Row<Metric, Dimension, Series, Compared, Exact>>;
    return this.#reporter.query(question, options) as Promise<unknown> as Promise<Typed>;
  }

  watch<
    const Metric extends string,
    const Dimension extends string = never,
    Series extends Granularity = never,
    Compared extends Comparison = never,
    Exact extends boolean = false,
  >(question: Question<Metric, Dimension, Series, Compared, Exact>, options?: Pick<CallOptions, "signal">) {
    type Typed = Update<Row<Metric, Dimension, Series, Compared, Exact>>;
    return this.#reporter.watch(question, options) as AsyncIterable<unknown> as AsyncIterable<Typed>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.close();
  }
}

/** Defaults put together; the later ones win. */
function merge(earlier: EventDefaults, later: EventDefaults): EventDefaults {
  return {
    userId: later.userId ?? earlier.userId,
    anonymousId: later.anonymousId ?? earlier.anonymousId,
    sessionId: later.sessionId ?? earlier.sessionId,
    properties:
      earlier.properties === undefined && later.properties === undefined
        ? undefined
        : { ...earlier.properties, ...later.properties },
  };
}
