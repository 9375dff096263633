import type { Flushed, FlushOptions, Millrace } from "./millrace.ts";
import type { Producer } from "./producer.ts";
import type { Stats } from "./stats.ts";
import type { EventDefaults, EventOptions, Properties } from "./track.ts";

/** A client, or a part of one with defaults of its own. */
export class Scope implements Millrace {
  readonly #producer: Producer;
  readonly #defaults: EventDefaults;

  constructor(producer: Producer, defaults: EventDefaults) {
    this.#producer = producer;
    this.#defaults = defaults;
  }

  track(name: string, properties?: Properties, options?: EventOptions): boolean {
    return this.#producer.track(name, properties, options, this.#defaults);
  }

  with(defaults: EventDefaults): Millrace {
    return new Scope(this.#producer, merge(this.#defaults, defaults));
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
export function merge(earlier: EventDefaults, later: EventDefaults): EventDefaults {
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
