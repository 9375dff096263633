import { Failure } from "@millrace/failure";
import type { Cache, CallOptions, ChannelMessage } from "../cache.ts";
import { Subscription } from "../subscription.ts";
import { ExpiringValues } from "./expiring-values.ts";

const DEFAULT_BYTES = 64 << 20;
const DEFAULT_LISTENER_BYTES = 8 << 20;
const MAX_VALUE_BYTES = 1 << 20;
const MAX_KEY_LENGTH = 1024;
const MAX_LISTENERS = 10_000;

/** What {@link openEmbeddedCache} takes. */
export type EmbeddedCacheOptions = {
  /** The memory that values and counters may take, 64 MiB by default; the least recently used go first. */
  readonly maxBytes?: number;
  /** Payloads that may wait for one listener, 8 MiB by default. */
  readonly maxListenerBytes?: number;
  /** The clock by which values end, in epoch milliseconds; the system's by default. */
  readonly clock?: () => number;
};

/** Opens a cache in the memory of this process. */
export async function openEmbeddedCache(options: EmbeddedCacheOptions = {}): Promise<EmbeddedCache> {
  return new EmbeddedCache(options);
}

/** A {@link Cache} in the memory of one process. */
export class EmbeddedCache implements Cache {
  readonly #values: ExpiringValues;
  readonly #maxListenerBytes: number;
  readonly #clock: () => number;
  readonly #channels = new Map<string, Set<Subscription>>();
  #listeners = 0;
  #closed = false;

  /** @private Use {@link openEmbeddedCache}. */
  constructor(options: EmbeddedCacheOptions) {
    this.#values = new ExpiringValues(options.maxBytes ?? DEFAULT_BYTES);
    this.#maxListenerBytes = options.maxListenerBytes ?? DEFAULT_LISTENER_BYTES;
    this.#clock = options.clock ?? Date.now;
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    this.#check(key, options);
    const value = this.#values.get(key, this.#clock())?.value;
    return typeof value === "number" || value === undefined ? undefined : new Uint8Array(value);
  }

  async set(key: string, value: Uint8Array, ttlMs: number, options?: CallOptions): Promise<void> {
    this.#check(key, options);
    checkTtl(ttlMs);
    if (value.length > MAX_VALUE_BYTES)
      throw Failure.invalidField("value", `must have at most ${MAX_VALUE_BYTES} bytes`);
    this.#values.set(key, new Uint8Array(value), this.#clock() + ttlMs);
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    this.#check(key, options);
    this.#values.delete(key);
  }

  async increment(key: string, by: number, ttlMs: number, options?: CallOptions): Promise<number> {
    this.#check(key, options);
    checkTtl(ttlMs);
    const nowMs = this.#clock();
    const counter = this.#values.get(key, nowMs);
    const before = counter?.value ?? 0;
    if (typeof before !== "number") {
      throw new Failure("precondition", "FIELD_INVALID", `key: ${key} holds a value, not a counter`);
    }
    const value = before + by;
    if (!Number.isSafeInteger(value)) throw Failure.invalidField("by", "must be whole and keep the counter below 2^53");
    this.#values.set(key, value, counter?.expiresAtMs ?? nowMs + ttlMs);
    return value;
  }

  async publish(channel: string, payload: Uint8Array, options?: CallOptions): Promise<void> {
    this.#check(channel, options);
    if (payload.length > MAX_VALUE_BYTES) {
      throw Failure.invalidField("payload", `must have at most ${MAX_VALUE_BYTES} bytes`);
    }
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) return;
    // Listeners share one copy that the publisher cannot change.
    const message = { channel, payload: new Uint8Array(payload) };
    for (const listener of [...listeners]) listener.push(message);
  }

  async subscribe(channel: string, options?: CallOptions): Promise<AsyncIterable<ChannelMessage>> {
    this.#check(channel, options);
    if (this.#listeners === MAX_LISTENERS) {
      throw new Failure("exhausted", "LIMIT_REACHED", `The cache has ${MAX_LISTENERS} listeners already.`);
    }
    const signal = options?.signal;
    const subscription: Subscription = new Subscription(this.#maxListenerBytes, () => {
      signal?.removeEventListener("abort", end);
      this.#remove(channel, subscription);
    });
    const end = () => subscription.end();
    signal?.addEventListener("abort", end, { once: true });
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) this.#channels.set(channel, new Set([subscription]));
    else listeners.add(subscription);
    this.#listeners++;
    return subscription;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const listeners of [...this.#channels.values()]) for (const listener of [...listeners]) listener.end();
    this.#values.clear();
  }

  #remove(channel: string, subscription: Subscription): void {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(subscription)) return;
    this.#listeners--;
    if (listeners.size === 0) this.#channels.delete(channel);
  }

  #check(key: string, options: CallOptions | undefined): void {
    if (this.#closed) throw new Failure("unavailable", "CLOSED", "The cache is closed.");
    if (options?.signal?.aborted)
      throw new Failure("cancelled", "CANCELLED", "The call was cancelled before it began.");
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
      throw Failure.invalidField("key", `must have 1 to ${MAX_KEY_LENGTH} characters`);
    }
  }
}

function checkTtl(ttlMs: number): void {
  if (!(ttlMs > 0 && Number.isFinite(ttlMs)))
    throw Failure.invalidField("ttl", "must be a positive number of milliseconds");
}
