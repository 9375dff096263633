import { randomUUID } from "node:crypto";
import { Failure } from "@millrace/failure";
import { observeOne } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import type { CallOptions, ClaimBatch, ClaimStore } from "../cache.ts";
import { checkBatch, checkSlots } from "../claim-batch.ts";
import { POSITION_BYTES } from "../position.ts";
import type { BreakerState } from "./breaker.ts";
import { type PackedCall, packCalls, TAGS, unpackShortPosition } from "./claim-packing.ts";
import { CLAIM, EXPIRE, LOOKUP, RELEASE } from "./claim-scripts.ts";
import { RedisConnection, type RedisConnectionOptions } from "./redis-connection.ts";
import type { Effect } from "./redis-failure.ts";
import { checkServers, judgeClaims } from "./server-check.ts";

const DEFAULT_PREFIX = "millrace";
const FIRST_CONNECTION_MS = 5000;
/** A script holds up the whole server, so its time is bounded: this many claims take it some 5 ms. */
const MAX_CALL_CLAIMS = 2000;
const MAX_WAITING_CLAIMS = 1_000_000;
const OVERLOAD_RETRY_MS = 200;
/** Slots are kept up to this much longer, so that their times are not written anew by every call. */
const KEEP_ROUNDING_MS = 600_000;
/** What one script of `expire` removes at most, or slightly more. */
const EXPIRE_SLOTS = 32;
const EXPIRE_BUCKETS = 4000;

/** What {@link openRedisClaims} takes. */
export type RedisClaimsOptions = RedisConnectionOptions;

/** An answer of the scripts: number and owner of claims, in turn. */
type Owners = (number | Buffer)[];
type Arguments = (string | number | Buffer)[];
type Commands = Redis & {
  millraceClaimBuffer(...groups: Arguments): Promise<Owners>;
  millraceLookupBuffer(...groups: Arguments): Promise<Owners>;
  millraceRelease(...groups: Arguments): Promise<unknown>;
  millraceExpire(...limits: Arguments): Promise<number>;
};

/**
 * Opens the claims in a Redis of their own, a Redis Cluster, or what Sentinels watch.
 *
 * @throws Failure `invalid` for a wrong address, `unavailable` when it cannot be reached in 5 s, `precondition` for a
 *   Redis that would lose claims or cannot be used, with what to do
 */
export async function openRedisClaims(options: RedisClaimsOptions): Promise<RedisClaims> {
  const connection = new RedisConnection("the claims", options);
  const claims = new RedisClaims(connection, options);
  try {
    await connection.connected(FIRST_CONNECTION_MS);
    await claims.examine();
    return claims;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A {@link ClaimStore} in Redis. Claims are repeated by themselves after an unclear failure, as their owner gets them. */
export class RedisClaims implements ClaimStore {
  readonly #connection: RedisConnection;
  readonly #client: Commands;
  readonly #tags: readonly string[];
  readonly #warn: (message: string) => void;
  /** Why nothing may be claimed in this server, when it came back as another than it was. */
  #refusal: Failure | undefined;
  #birth: string | undefined;
  #lossCount = 0;
  #waiting = 0;

  /** @private Use {@link openRedisClaims}. */
  constructor(connection: RedisConnection, options: RedisClaimsOptions) {
    this.#connection = connection;
    this.#warn = options.warn ?? (() => {});
    const prefix = options.prefix ?? DEFAULT_PREFIX;
    this.#tags = Array.from({ length: TAGS }, (_, tag) => `${prefix}:{${tag.toString(16)}}`);
    const { client } = connection;
    client.defineCommand("millraceClaim", { numberOfKeys: 1, lua: CLAIM });
    client.defineCommand("millraceLookup", { numberOfKeys: 1, lua: LOOKUP, readOnly: true });
    client.defineCommand("millraceRelease", { numberOfKeys: 1, lua: RELEASE });
    client.defineCommand("millraceExpire", { numberOfKeys: 1, lua: EXPIRE });
    // The driver adds defined commands to the object, which its types cannot know.
    this.#client = client as Commands;
  }

  /** Whether calls are let through; see `observeBreaker`. */
  get breakerState(): BreakerState {
    return this.#connection.breakerState;
  }

  /** How often the server was found emptied since this was opened; see {@link observeLosses}. */
  get lossCount(): number {
    return this.#lossCount;
  }

  /** Looks whether the server may hold claims, now and whenever it comes back. */
  async examine(): Promise<void> {
    await this.#examine();
    this.#connection.client.on("ready", () => {
      this.#examine().catch(() => {
        // The next call tells what is wrong: by the refusal, or by its own failure.
      });
    });
  }

  async claim(batch: ClaimBatch, keepUntilMs: number, options?: CallOptions): Promise<Uint8Array> {
    this.#check(batch, options);
    checkSlots(batch);
    // A copy: the slice of a Buffer would be the caller's own positions, which are compared with the owners.
    const owners = new Uint8Array(batch.positions.subarray(0, batch.count * POSITION_BYTES));
    const keepMs = Math.ceil(keepUntilMs / KEEP_ROUNDING_MS) * KEEP_ROUNDING_MS;
    await this.#send(batch, "claim", options, async (call) => {
      takeOwners(await this.#client.millraceClaimBuffer(...this.#arguments(call, keepMs)), call, owners);
    });
    return owners;
  }

  async lookup(batch: Omit<ClaimBatch, "positions">, options?: CallOptions): Promise<Uint8Array> {
    const { count, ids, slots } = batch;
    this.#check(batch, options);
    const owners = new Uint8Array(count * POSITION_BYTES);
    await this.#send({ count, ids, slots }, "lookup", options, async (call) => {
      takeOwners(await this.#client.millraceLookupBuffer(...this.#arguments(call, 0)), call, owners);
    });
    return owners;
  }

  async release(batch: ClaimBatch, options?: CallOptions): Promise<void> {
    this.#check(batch, options);
    await this.#send(batch, "release", options, (call) => this.#client.millraceRelease(...this.#arguments(call, 0)));
  }

  async expire(nowMs: number, options?: CallOptions): Promise<number> {
    this.#check(undefined, options);
    const expire = (tags: readonly string[]) =>
      this.#connection.repeatable("write", options, () =>
        this.#client.millraceExpire(`${tags[0]}k`, Math.floor(nowMs), EXPIRE_SLOTS, EXPIRE_BUCKETS, ...tags),
      );
    const parts = this.#isCluster ? this.#tags.map((tag) => [tag]) : [this.#tags];
    const forgotten = await Promise.all(parts.map(expire));
    await this.#noticeLoss();
    return forgotten.reduce((sum, count) => sum + count, 0);
  }

  async ready(options?: CallOptions): Promise<void> {
    this.#check(undefined, options);
    await this.#connection.once("read", options, () => this.#client.exists(`${this.#tags[0]}k`));
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** Calls follow each other, so that the first claim of an id wins; those of different tags have no id in common. */
  async #send(
    batch: Parameters<typeof packCalls>[0],
    work: "claim" | "lookup" | "release",
    options: CallOptions | undefined,
    send: (call: PackedCall) => Promise<unknown>,
  ): Promise<void> {
    if (this.#waiting + batch.count > MAX_WAITING_CLAIMS && this.#waiting > 0) {
      const message = `More than ${MAX_WAITING_CLAIMS} claims wait for their Redis.`;
      throw new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: OVERLOAD_RETRY_MS });
    }
    const calls = packCalls(batch, MAX_CALL_CLAIMS, this.#isCluster && { everyTag: work === "claim" });
    const chains = this.#isCluster ? Map.groupBy(calls, (call) => call.tag).values() : [calls];
    const effect: Effect = work === "lookup" ? "read" : "write";
    this.#waiting += batch.count;
    try {
      await Promise.all(
        [...chains].map(async (chain) => {
          for (const call of chain) await this.#connection.repeatable(effect, options, () => send(call));
        }),
      );
    } finally {
      this.#waiting -= batch.count;
    }
  }

  #arguments(call: PackedCall, keepMs: number): Arguments {
    const groups = call.groups.flatMap(({ tag, slot, rows }) => [this.#tags[tag]!, slot, rows]);
    return [`${this.#tags[this.#isCluster ? call.tag : 0]}k`, keepMs, ...groups];
  }

  get #isCluster(): boolean {
    return this.#connection.mode === "cluster";
  }

  async #examine(): Promise<void> {
    const { client, mode } = this.#connection;
    const judge = (info: ReadonlyMap<string, string>, entries: number | undefined) => judgeClaims(info, entries, mode);
    try {
      await this.#connection.once("read", undefined, () => checkServers(client, judge, this.#warn));
      this.#refusal = undefined;
    } catch (error) {
      if (error instanceof Failure && error.kind === "precondition") {
        this.#refusal = new Failure("unavailable", "BACKEND_UNAVAILABLE", error.message, { cause: error });
      }
      throw error;
    }
    await this.#noticeLoss();
  }

  /** A mark, set when the claims are first opened, is gone when the server was emptied since. */
  async #noticeLoss(): Promise<void> {
    const key = `${this.#tags[0]}b`;
    const read = () => this.#client.get(key);
    let found = await this.#connection.repeatable("read", undefined, read);
    if (found === null) {
      // A full server takes no mark, but its claims must still be read, and expire.
      await this.#client.set(key, randomUUID(), "NX").catch(() => {});
      found = await this.#connection.repeatable("read", undefined, read);
    }
    const known = this.#birth;
    this.#birth = found ?? undefined;
    if (known !== undefined && known !== this.#birth) {
      this.#lossCount++;
      this.#warn(
        "The Redis of the claims was emptied. Events that were counted before may count again when they are sent " +
          "again; see its appendonly setting.",
      );
    }
  }

  #check(batch: Parameters<typeof checkBatch>[0] | undefined, options: CallOptions | undefined): void {
    this.#connection.check(options);
    if (this.#refusal !== undefined) throw this.#refusal;
    if (batch !== undefined) checkBatch(batch);
  }
}

/** Measures losses: how often the server of the claims was found emptied. */
export function observeLosses(meter: Meter, claims: Pick<RedisClaims, "lossCount">): void {
  observeOne(meter, "millrace.claims.losses", (tell) => tell(claims.lossCount, {}));
}

function takeOwners(answer: Owners, call: PackedCall, owners: Uint8Array): void {
  for (let i = 0; i < answer.length; i += 2) {
    const index = call.indexes[answer[i] as number]!;
    unpackShortPosition(answer[i + 1] as Buffer, owners, index * POSITION_BYTES);
  }
}
