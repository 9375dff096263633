import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import { Failure } from "@millrace/failure";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { CallOptions } from "../cache.ts";
import { parseRedisAddress, type RedisAddress } from "./address.ts";
import { Breaker, type BreakerOptions, type BreakerState } from "./breaker.ts";
import { connectFailure, type Effect, isSettled, redisFailure, rootOf } from "./redis-failure.ts";

const COMMAND_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 2000;
/** A connection from which nothing comes for so much longer than a command may take is given up, and made anew. */
const SILENCE_MS = 500;
const RECONNECT_FROM_MS = 50;
const RECONNECT_TO_MS = 2000;
const RETRY_FROM_MS = 20;
const ATTEMPTS = 3;

/** How a Redis is reached. */
export type RedisConnectionOptions = {
  /** `redis://`, `redis+cluster://` or `redis+sentinel://`, or each with `rediss` for TLS; the README shows them. */
  readonly address: string;
  /** For TLS: files in PEM format. Without `caFile` the system's authorities are trusted. */
  readonly tls?: {
    readonly caFile?: string;
    readonly certificateFile?: string;
    readonly keyFile?: string;
    /** The name that the certificate must have, where it is not the host of the address. */
    readonly serverName?: string;
  };
  /** With what all keys begin, so that several installations can share a Redis; "millrace" by default. */
  readonly prefix?: string;
  /** How long one command may take, in milliseconds; 1,000 by default. */
  readonly commandTimeoutMs?: number;
  /** When calls are stopped for a while; see {@link Breaker} for what is so by default. */
  readonly breaker?: BreakerOptions;
  /** Told in plain words what is not right but can be lived with. */
  readonly warn?: (message: string) => void;
};

/**
 * A connection that fails fast: nothing waits for a server that is away, nothing is sent again behind the caller's back.
 * It connects again by itself, after 50 ms at first and at most every 2 s.
 */
export class RedisConnection {
  readonly client: Redis | Cluster;
  readonly mode: RedisAddress["mode"];
  readonly #name: string;
  readonly #breaker: Breaker;
  #closed = false;
  #lastError: unknown;

  /** @param name which Redis it is, for messages: "the cache" or "the claims" */
  constructor(name: string, options: RedisConnectionOptions) {
    const address = parseRedisAddress(options.address);
    this.#name = name;
    this.#breaker = new Breaker(`The Redis of ${name}`, options.breaker);
    this.mode = address.mode;
    this.client = connect(address, options);
    // Each failing call tells of it; without a listener the driver would print it.
    this.client.on("error", (error) => {
      this.#lastError = rootOf(error);
    });
  }

  /** Whether calls are let through. */
  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** Resolves when commands can be sent; fails with `unavailable` after `timeoutMs`, or at once where time won't help. */
  async connected(timeoutMs: number): Promise<void> {
    if (this.client.status === "ready") return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = () => reject(connectFailure(this.#lastError, this.#name, timeoutMs));
    const look = () => {
      if (isSettled(this.#lastError)) fail();
    };
    const timer = setTimeout(fail, timeoutMs);
    this.client.once("ready", resolve);
    this.client.on("error", look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.client.off("ready", resolve);
      this.client.off("error", look);
    }
  }

  /** Sends a command once. Whoever cancels waits no longer; what becomes of the command still counts for the breaker. */
  async once<T>(effect: Effect, options: CallOptions | undefined, send: () => Promise<T>): Promise<T> {
    this.check(options);
    const sent = this.#breaker.run(async () => {
      try {
        return await send();
      } catch (error) {
        // What was in flight when the connection was closed is told as what it is.
        throw this.#closed ? this.#closedFailure(error) : redisFailure(error, this.#name, effect);
      }
    });
    return orCancelled(sent, options?.signal);
  }

  /** Sends a command that may be repeated, up to three times while it may help. */
  async repeatable<T>(effect: Effect, options: CallOptions | undefined, send: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(effect, options, send);
      } catch (error) {
        if (attempt === ATTEMPTS || !mayRepeat(error) || this.#closed || this.breakerState === "open") throw error;
        // Half of the pause is random, so that those who failed together do not come back together.
        await orCancelled(delay(RETRY_FROM_MS * 2 ** attempt * (0.5 + Math.random() / 2)), options?.signal);
      }
    }
  }

  /** Fails when the connection is closed or the call was cancelled. */
  check(options: CallOptions | undefined): void {
    if (this.#closed) throw this.#closedFailure();
    if (options?.signal?.aborted) {
      throw cancelled("before it began");
    }
  }

  /** Closes at once; calls in flight fail. Idempotent. */
  close(): void {
    this.#closed = true;
    this.client.disconnect();
  }

  #closedFailure(cause?: unknown): Failure {
    const message = `The connection to the Redis of ${this.#name} is closed.`;
    return new Failure("unavailable", "CLOSED", message, cause === undefined ? {} : { cause });
  }
}

/** Answers come as RESP2 knows them, which is the driver's default. */
type PlainOptions = RedisOptions & { readonly replyMapping: "legacy" };

/** What the work gives, or a failure as soon as the signal aborts. */
async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = () => reject(cancelled("while it waited for its answer"));
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function cancelled(when: string): Failure {
  return new Failure("cancelled", "CANCELLED", `The call was cancelled ${when}.`);
}

function mayRepeat(error: unknown): boolean {
  return error instanceof Failure && (error.kind === "unavailable" || error.kind === "unknownOutcome");
}

function connect(address: RedisAddress, options: RedisConnectionOptions): Redis | Cluster {
  const tls = address.tls ? tlsOptions(options) : undefined;
  const commandTimeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const single: PlainOptions = {
    replyMapping: "legacy",
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs + SILENCE_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backoff,
    // After a failover the old primary is a replica: connecting again finds the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    connectionName: "millrace",
    ...(address.username === "" ? {} : { username: address.username }),
    ...(address.password === "" ? {} : { password: address.password }),
    ...(tls === undefined ? {} : { tls }),
  };
  if (address.mode === "cluster") {
    const { connectTimeout, commandTimeout, socketTimeout, maxRetriesPerRequest } = single;
    const { username, password, tls: nodeTls } = single;
    const times = { connectTimeout, commandTimeout, socketTimeout, maxRetriesPerRequest };
    const redisOptions = { ...times, username, password, tls: nodeTls };
    return new Cluster(
      address.nodes.map(({ host, port }) => ({ host, port })),
      {
        enableOfflineQueue: false,
        shardedSubscribers: true,
        clusterRetryStrategy: backoff,
        slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
        redisOptions: withoutUndefined(redisOptions),
        // Certificates name hosts, so their addresses are left as they are.
        ...(tls === undefined ? {} : { dnsLookup: (host, done) => done(null, host) }),
      },
    );
  }
  if (address.mode === "sentinel") {
    const sentinel: PlainOptions = {
      ...single,
      db: address.database,
      sentinels: address.nodes.map(({ host, port }) => ({ host, port })),
      name: address.primary,
      sentinelRetryStrategy: backoff,
      ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    };
    return new Redis(sentinel);
  }
  const { host, port } = address.nodes[0]!;
  const standalone: PlainOptions = { ...single, host, port, db: address.database };
  return new Redis(standalone);
}

function backoff(attempt: number): number {
  const longest = Math.min(RECONNECT_FROM_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_TO_MS);
  return longest * (0.5 + Math.random() / 2);
}

function tlsOptions({ tls = {} }: RedisConnectionOptions): ConnectionOptions {
  return {
    ...(tls.caFile === undefined ? {} : { ca: read(tls.caFile) }),
    ...(tls.certificateFile === undefined ? {} : { cert: read(tls.certificateFile) }),
    ...(tls.keyFile === undefined ? {} : { key: read(tls.keyFile) }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Failure("precondition", "FIELD_INVALID", `The file ${file} for TLS to Redis cannot be read.`, { cause });
  }
}

function withoutUndefined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
