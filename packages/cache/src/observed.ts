import { Failure } from "@millrace/failure";
import { counter, histogram, inSpan } from "@millrace/telemetry";
import { type Meter, SpanKind, type Tracer } from "@opentelemetry/api";
import type { Cache, CallOptions, ChannelMessage, ClaimBatch, ClaimStore } from "./cache.ts";

/** Where measurements and spans go. */
export type Telemetry = { readonly meter: Meter; readonly tracer: Tracer };

/** What a failure is called. */
const kindOf = (error: unknown) => (error instanceof Failure ? error.kind : "internal");

/** The same claims, measured: calls, ids and failures, and a span for each call that belongs to a trace. */
export function observedClaims(store: ClaimStore, { meter, tracer }: Telemetry): ClaimStore {
  const duration = histogram(meter, "millrace.claims.duration");
  const errors = counter(meter, "millrace.claims.errors");
  const ids = counter(meter, "millrace.claims.ids");
  type Operation = "claim" | "lookup" | "release" | "expire";
  async function call<T>(operation: Operation, count: number, work: () => Promise<T>): Promise<T> {
    const called = { "millrace.operation": operation };
    const startMs = performance.now();
    if (count > 0) ids.add(count, called);
    const attributes = { ...called, "millrace.claims": count };
    try {
      return await inSpan(tracer, `claims ${operation}`, { kind: SpanKind.CLIENT, attributes, describe: kindOf }, work);
    } catch (error) {
      errors.add(1, { ...called, "error.type": kindOf(error) });
      throw error;
    } finally {
      duration.record((performance.now() - startMs) / 1000, called);
    }
  }
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

/** The same cache, measured: calls, hits, messages and failures, and a span for each call that belongs to a trace. */
export function observedCache(cache: Cache, { meter, tracer }: Telemetry): Cache {
  const duration = histogram(meter, "millrace.cache.duration");
  const errors = counter(meter, "millrace.cache.errors");
  const requests = counter(meter, "millrace.cache.requests");
  const messages = counter(meter, "millrace.cache.messages");
  type Operation = "get" | "set" | "delete" | "increment" | "publish" | "subscribe";
  async function call<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const called = { "millrace.operation": operation };
    const startMs = performance.now();
    try {
      const options = { kind: SpanKind.CLIENT, attributes: called, describe: kindOf };
      return await inSpan(tracer, `cache ${operation}`, options, work);
    } catch (error) {
      errors.add(1, { ...called, "error.type": kindOf(error) });
      throw error;
    } finally {
      duration.record((performance.now() - startMs) / 1000, called);
    }
  }
  return {
    get: (key: string, options?: CallOptions) =>
      call("get", async () => {
        const value = await cache.get(key, options);
        requests.add(1, { "millrace.outcome": value === undefined ? "miss" : "hit" });
        return value;
      }),
    set: (key, value, ttlMs, options) => call("set", () => cache.set(key, value, ttlMs, options)),
    delete: (key, options) => call("delete", () => cache.delete(key, options)),
    increment: (key, by, ttlMs, options) => call("increment", () => cache.increment(key, by, ttlMs, options)),
    publish: (channel, payload, options) =>
      call("publish", async () => {
        await cache.publish(channel, payload, options);
        messages.add(1, {});
      }),
    subscribe: (channel, options): Promise<AsyncIterable<ChannelMessage>> =>
      call("subscribe", () => cache.subscribe(channel, options)),
    close: () => cache.close(),
  };
}
