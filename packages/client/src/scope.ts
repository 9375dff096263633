import type { Flushed, FlushOptions, Millrace } from "./millrace.ts";
import type { Producer } from "./producer.ts";
import type { Reporter } from "./query/reporter.ts";
import type { Stats } from "./stats.ts";
import type { EventDefaults, EventOptions, Properties } from "./track.ts";

/** A client, or a part of one with defaults of its own. */
export class Scope implements Millrace {
  readonly #producer: Producer;
  readonly #reporter: Reporter;
  readonly #defaults: EventDefaults;
  // The columns of an answer are those of its question, which the compiler can't see in what comes over the network.
  readonly query: Millrace["query"] = (question, options) => this.#reporter.query(question, options) as never;
  readonly watch: Millrace["watch"] = (question, options) => this.#reporter.watch(question, options) as never;

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
