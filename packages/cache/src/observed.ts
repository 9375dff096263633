import { Failure } from "@millrace/failure";
import { type Counter, type Histogram, type Meter, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { Cache, CallOptions, ChannelMessage, ClaimBatch, ClaimStore } from "./cache.ts";

/** Where measurements and spans go. */
export type Telemetry = { readonly meter: Meter; readonly tracer: Tracer };

/**
 * Wraps any claim store so that it is measured. It behaves as the store itself.
 *
 * - `millrace.claims.duration` (histogram, s, by `operation`), `millrace.claims.ids` (counter, by `operation`)
 * - `millrace.claims.errors` (counter, by `operation` and the failure's `kind`)
 * - a span `claims.<operation>` for each call
 */
export function observedClaims(store: ClaimStore, telemetry: Telemetry): ClaimStore {
  const observer = new Observer("claims", telemetry);
  const ids = telemetry.meter.createCounter("millrace.claims.ids", {
    unit: "{id}",
    description: "Ids given in calls.",
  });
  const call = <T>(operation: string, count: number, work: () => Promise<T>) => {
    if (count > 0) ids.add(count, { operation });
    return observer.observe(operation, work);
  };
  return {
    claim: (batch: ClaimBatch, keepUntilMs: number, options?: CallOptions) =>
      call("claim", batch.count, () => store.claim(batch, keepUntilMs, options)),
    lookup: (batch, options) => call("lookup", batch.count, () => store.lookup(batch, options)),
    release: (batch, options) => call("release", batch.count, () => store.release(batch, options)),
    expire: (nowMs, options) => call("expire", 0, () => store.expire(nowMs, options)),
    ready: (options) => store.ready(options),
    close: () => store.close(),
  };
}

/**
 * Wraps any cache so that it is measured. It behaves as the cache itself.
 *
 * - `millrace.cache.duration` (histogram, s, by `operation`), `millrace.cache.gets` (counter, by `hit`)
 * - `millrace.cache.messages` (counter, published), `millrace.cache.errors` (counter, by `operation` and `kind`)
 * - a span `cache.<operation>` for each call
 */
export function observedCache(cache: Cache, telemetry: Telemetry): Cache {
  const observer = new Observer("cache", telemetry);
  const gets = telemetry.meter.createCounter("millrace.cache.gets", {
    unit: "{get}",
    description: "Values asked for.",
  });
  const messages = telemetry.meter.createCounter("millrace.cache.messages", {
    unit: "{message}",
    description: "Messages published.",
  });
  return {
    get: (key: string, options?: CallOptions) =>
      observer.observe("get", async () => {
        const value = await cache.get(key, options);
        gets.add(1, { hit: value !== undefined });
        return value;
      }),
    set: (key, value, ttlMs, options) => observer.observe("set", () => cache.set(key, value, ttlMs, options)),
    delete: (key, options) => observer.observe("delete", () => cache.delete(key, options)),
    increment: (key, by, ttlMs, options) =>
      observer.observe("increment", () => cache.increment(key, by, ttlMs, options)),
    publish: (channel, payload, options) =>
      observer.observe("publish", async () => {
        await cache.publish(channel, payload, options);
        messages.add(1);
      }),
    subscribe: (channel, options): Promise<AsyncIterable<ChannelMessage>> =>
      observer.observe("subscribe", () => cache.subscribe(channel, options)),
    close: () => cache.close(),
  };
}

/** Measures the calls of one port. */
class Observer {
  readonly #name: string;
  readonly #tracer: Tracer;
  readonly #duration: Histogram;
  readonly #errors: Counter;

  constructor(name: string, { meter, tracer }: Telemetry) {
    this.#name = name;
    this.#tracer = tracer;
    this.#duration = meter.createHistogram(`millrace.${name}.duration`, {
      unit: "s",
      description: "How long a call took.",
      advice: { explicitBucketBoundaries: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] },
    });
    this.#errors = meter.createCounter(`millrace.${name}.errors`, {
      unit: "{error}",
      description: "Calls that failed.",
    });
  }

  async observe<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const span = this.#tracer.startSpan(`${this.#name}.${operation}`);
    try {
      return await work();
    } catch (error) {
      const kind = error instanceof Failure ? error.kind : "internal";
      span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
      this.#errors.add(1, { operation, kind });
      throw error;
    } finally {
      this.#duration.record((performance.now() - startMs) / 1000, { operation });
      span.end();
    }
  }
}
