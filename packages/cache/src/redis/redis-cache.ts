import { Failure } from "@millrace/failure";
import type { Redis } from "ioredis";
import type { Cache, CallOptions, ChannelMessage } from "../cache.ts";
import { Subscription } from "../subscription.ts";
import type { BreakerState } from "./breaker.ts";
import { Channels, type ChannelsOptions } from "./channels.ts";
import { RedisConnection } from "./redis-connection.ts";
import { checkServers, judgeServer } from "./server-check.ts";

const DEFAULT_PREFIX = "millrace";
const DEFAULT_LISTENER_BYTES = 8 << 20;
const MAX_VALUE_BYTES = 1 << 20;
const MAX_KEY_LENGTH = 1024;
const MAX_LISTENERS = 10_000;
const FIRST_CONNECTION_MS = 2000;

/** The time begins with the first use, also where a counter was left without one. */
const INCREMENT = `
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return tostring(value)`;

/** What {@link openRedisCache} takes. */
export type RedisCacheOptions = ChannelsOptions & {
  /** Payloads that may wait for one listener, 8 MiB by default. */
  readonly maxListenerBytes?: number;
};

type Commands = Redis & {
  millraceIncrement(key: string, by: number, ttlMs: number): Promise<string>;
};

/**
 * Opens a cache in a Redis, a Redis Cluster, or what Sentinels watch. One that cannot be reached is no failure here, as
 * work goes on without a cache: calls then fail with `unavailable` until it is back.
 *
 * @throws Failure `invalid` for a wrong address, `precondition` for a Redis that cannot be used, with what to do
 */
export async function openRedisCache(options: RedisCacheOptions): Promise<RedisCache> {
  const connection = new RedisConnection("the cache", options);
  const { client, mode } = connection;
  try {
    await connection.connected(FIRST_CONNECTION_MS);
    const judge = (info: ReadonlyMap<string, string>) => ({
      refusals: judgeServer(info, "the cache", mode),
      warnings: [],
    });
    await connection.once("read", undefined, () => checkServers(client, judge, options.warn ?? (() => {})));
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "unavailable") {
      connection.close();
      throw error;
    }
    options.warn?.(`${error.message} Work goes on without the cache.`);
  }
  return new RedisCache(connection, options);
}

/** A {@link Cache} in Redis. Values and counters share their keys; a value that is no number cannot be counted up. */
export class RedisCache implements Cache {
  readonly #connection: RedisConnection;
  readonly #client: Commands;
  readonly #channels: Channels;
  readonly #prefix: string;
  readonly #maxListenerBytes: number;

  /** @private Use {@link openRedisCache}. */
  constructor(connection: RedisConnection, options: RedisCacheOptions) {
    this.#connection = connection;
    this.#prefix = `${options.prefix ?? DEFAULT_PREFIX}:`;
    this.#maxListenerBytes = options.maxListenerBytes ?? DEFAULT_LISTENER_BYTES;
    connection.client.defineCommand("millraceIncrement", { numberOfKeys: 1, lua: INCREMENT });
    // The driver adds defined commands to the object, which its types cannot know.
    this.#client = connection.client as Commands;
    this.#channels = new Channels(connection, options);
  }

  /** Whether calls are let through; see `observeBreaker`. */
  get breakerState(): BreakerState {
    return this.#connection.breakerState;
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const name = this.#key(key, options);
    const value = await this.#connection.repeatable("read", options, () => this.#client.getBuffer(name));
    return value === null ? undefined : new Uint8Array(value);
  }

  async set(key: string, value: Uint8Array, ttlMs: number, options?: CallOptions): Promise<void> {
    const name = this.#key(key, options);
    checkTtl(ttlMs);
    if (value.length > MAX_VALUE_BYTES)
      throw Failure.invalidField("value", `must have at most ${MAX_VALUE_BYTES} bytes`);
    const bytes = Buffer.from(value);
    await this.#connection.repeatable("write", options, () =>
      this.#client.set(name, bytes, "PX", Math.max(1, Math.round(ttlMs))),
    );
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    const name = this.#key(key, options);
    await this.#connection.repeatable("write", options, () => this.#client.unlink(name));
  }

  async increment(key: string, by: number, ttlMs: number, options?: CallOptions): Promise<number> {
    const name = this.#key(key, options);
    checkTtl(ttlMs);
    if (!Number.isSafeInteger(by)) throw Failure.invalidField("by", "must be whole and keep the counter below 2^53");
    try {
      const ttl = Math.max(1, Math.round(ttlMs));
      // Never sent twice: it would count twice.
      return Number(await this.#connection.once("write", options, () => this.#client.millraceIncrement(name, by, ttl)));
    } catch (error) {
      const cause = error instanceof Failure && error.cause instanceof Error ? error.cause.message : "";
      if (!/not an integer/.test(cause)) throw error;
      throw new Failure("precondition", "FIELD_INVALID", `key: ${key} holds a value, not a counter`);
    }
  }

  async publish(channel: string, payload: Uint8Array, options?: CallOptions): Promise<void> {
    const name = this.#key(channel, options);
    if (payload.length > MAX_VALUE_BYTES) {
      throw Failure.invalidField("payload", `must have at most ${MAX_VALUE_BYTES} bytes`);
    }
    const bytes = Buffer.from(payload);
    await this.#connection.once("write", options, () => this.#channels.publish(name, bytes));
  }

  async subscribe(channel: string, options?: CallOptions): Promise<AsyncIterable<ChannelMessage>> {
    const name = this.#key(channel, options);
    if (this.#channels.listeners >= MAX_LISTENERS) {
      throw new Failure("exhausted", "LIMIT_REACHED", `The cache has ${MAX_LISTENERS} listeners already.`);
    }
    const signal = options?.signal;
    const subscription: Subscription = new Subscription(this.#maxListenerBytes, () => {
      signal?.removeEventListener("abort", end);
      this.#channels.remove(name, subscription);
    });
    const end = () => void this.#channels.flush(name).then(() => subscription.end());
    signal?.addEventListener("abort", end, { once: true });
    try {
      await this.#connection.once("read", options, () => this.#channels.add(name, channel, subscription));
    } catch (error) {
      subscription.end();
      throw error;
    }
    return subscription;
  }

  async close(): Promise<void> {
    this.#channels.close();
    this.#connection.close();
  }

  #key(key: string, options: CallOptions | undefined): string {
    this.#connection.check(options);
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
      throw Failure.invalidField("key", `must have 1 to ${MAX_KEY_LENGTH} characters`);
    }
    return this.#prefix + key;
  }
}

function checkTtl(ttlMs: number): void {
  if (!(ttlMs > 0 && Number.isFinite(ttlMs)))
    throw Failure.invalidField("ttl", "must be a positive number of milliseconds");
}
