import type { Cache } from "../cache.ts";

/** By how much times are stretched, so that the real time that a test takes is nothing beside them. */
export const STRETCH = 10_000;

/** The cache, with values and counters that last that much longer. */
export function stretched(cache: Cache): Cache {
  return {
    get: (key, options) => cache.get(key, options),
    set: (key, value, ttlMs, options) => cache.set(key, value, ttlMs * STRETCH, options),
    delete: (key, options) => cache.delete(key, options),
    increment: (key, by, ttlMs, options) => cache.increment(key, by, ttlMs * STRETCH, options),
    publish: (channel, payload, options) => cache.publish(channel, payload, options),
    subscribe: (channel, options) => cache.subscribe(channel, options),
    close: () => cache.close(),
  };
}
