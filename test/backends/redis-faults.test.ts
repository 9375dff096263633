import { openRedisCache, openRedisClaims, type RedisClaims, type RedisClaimsOptions } from "@millrace/cache/redis";
import { until } from "@millrace/harness/until";
import { describe, expect, it, onTestFinished } from "vitest";
import { OwnRedis, type RedisSettings, startSentinel } from "./own-redis.ts";
import { claimsOf, KEEP_MS, ownsAll } from "./redis-claim-batches.ts";

const BATCH = 500;
/** Other positions than those that claimed first. */
const LATER = 1_000_000;

describe("the claims' Redis", () => {
  it("may be restarted: its breaker opens meanwhile, and closes when it is back, with every claim", async () => {
    const redis = await OwnRedis.start({ appendonly: "yes", appendfsync: "always" });
    const { claims } = await open(redis, { breaker: { halfOpenAfterMs: 300 } });
    const batch = claimsOf(0, BATCH);
    await claims.claim(batch, KEEP_MS);
    await redis.kill();
    const states = new Set<string>();
    await until("the breaker is open", async () => {
      await expect(claims.claim(batch, KEEP_MS)).rejects.toMatchObject({ kind: KIND_OF_AWAY });
      states.add(claims.breakerState);
      return states.has("open");
    });
    await redis.restart();
    const owners = await until("claims are taken again", () => claims.claim(claimsOf(0, BATCH, LATER), KEEP_MS));
    expect(ownsAll(owners, batch)).toBe(true);
    expect(claims.breakerState).toBe("closed");
  });

  it.each(["everysec", "always"])(
    "has every acknowledged claim after a kill -9, with appendfsync %s",
    async (fsync) => {
      const redis = await OwnRedis.start({ appendonly: "yes", appendfsync: fsync });
      const { claims } = await open(redis, { breaker: { minCalls: 1_000_000 } });
      const acknowledged: ReturnType<typeof claimsOf>[] = [];
      let claimed = 0;
      const streams = Array.from({ length: 4 }, async () => {
        for (;;) {
          const batch = claimsOf(claimed, BATCH);
          claimed += BATCH;
          const owners = await claims.claim(batch, KEEP_MS);
          expect(ownsAll(owners, batch)).toBe(true);
          acknowledged.push(batch);
        }
      });
      await until("many are acknowledged", () => acknowledged.length > 40, { everyMs: 1 });
      await redis.kill();
      for (const stream of await Promise.allSettled(streams)) {
        expect(stream).toMatchObject({ status: "rejected", reason: { kind: KIND_OF_AWAY } });
      }
      await redis.restart();
      await until("it is reached again", () => claims.ready().then(() => true));
      for (const batch of acknowledged) expect(ownsAll(await claims.lookup(batch), batch)).toBe(true);
      expect(claims.lossCount).toBe(0);
    },
  );

  it("may be emptied, which is told and counted: what is sent again counts again", async () => {
    const redis = await OwnRedis.start();
    const { claims, warnings } = await open(redis);
    await claims.claim(claimsOf(0, BATCH), KEEP_MS);
    warnings.length = 0;
    await redis.client.flushall();
    await claims.expire(0);
    expect(warnings).toEqual([expect.stringMatching(/^The Redis of the claims was emptied\..*may count again/)]);
    expect(claims.lossCount).toBe(1);
    const again = claimsOf(0, BATCH, LATER);
    expect(ownsAll(await claims.claim(again, KEEP_MS), again)).toBe(true);
  });

  it("is known to have lost its claims when it comes back without them", async () => {
    const redis = await OwnRedis.start();
    const { claims, warnings } = await open(redis);
    await claims.claim(claimsOf(0, BATCH), KEEP_MS);
    await redis.kill();
    await redis.restart();
    await until("the loss is told", () => warnings.some((text) => text.includes("was emptied")));
    expect(claims.lossCount).toBe(1);
  });

  it("takes no claim when it is full, keeps those that it has, and takes more once some expire", async () => {
    const redis = await OwnRedis.start({ maxmemory: "4mb" });
    const { claims } = await open(redis, { breaker: { minCalls: 1_000_000 } });
    const acknowledged: ReturnType<typeof claimsOf>[] = [];
    let failure: unknown;
    for (let from = 0; failure === undefined; from += BATCH) {
      const batch = claimsOf(from, BATCH);
      try {
        expect(ownsAll(await claims.claim(batch, KEEP_MS), batch)).toBe(true);
        acknowledged.push(batch);
      } catch (error) {
        failure = error;
      }
      expect(from).toBeLessThan(1_000_000);
    }
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: "The Redis of the claims is full: what it holds has reached its maxmemory.",
    });
    expect(acknowledged.length).toBeGreaterThan(10);
    for (const batch of acknowledged) expect(ownsAll(await claims.lookup(batch), batch)).toBe(true);
    let forgotten = 0;
    for (let more = -1; more !== 0; forgotten += more) more = await claims.expire(KEEP_MS + 86_400_000);
    expect(forgotten).toBeGreaterThanOrEqual(acknowledged.length * BATCH);
    const next = claimsOf(0, BATCH, LATER);
    expect(ownsAll(await claims.claim(next, KEEP_MS), next)).toBe(true);
  });

  it.each(["allkeys-lru", "volatile-ttl"])(
    "is refused with maxmemory-policy %s, at the start and later",
    async (policy) => {
      const redis = await OwnRedis.start({ "maxmemory-policy": policy });
      await expect(openRedisClaims({ address: redis.address })).rejects.toMatchObject({
        kind: "precondition",
        message: expect.stringContaining(`has maxmemory-policy ${policy}`),
      });
      const cache = await openRedisCache({ address: redis.address });
      onTestFinished(() => cache.close());
      await cache.set("key", new Uint8Array(1), 60_000);
      await redis.client.config("SET", "maxmemory-policy", "noeviction");
      const { claims } = await open(redis);
      await redis.client.config("SET", "maxmemory-policy", policy);
      await redis.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await until("claims are refused", () =>
        claims.claim(claimsOf(0, 1), KEEP_MS).then(
          () => false,
          (error: unknown) => String(error).includes(`maxmemory-policy ${policy}`),
        ),
      );
    },
  );
});

describe("claims behind a Sentinel", () => {
  it("go on by a replica when the primary is killed, with all that the replica had got", async () => {
    const primary = await OwnRedis.start(FAST_REPLICATION);
    const replica = await OwnRedis.start({ ...FAST_REPLICATION, replicaof: `127.0.0.1 ${primary.port}` });
    const sentinel = await startSentinel(primary);
    const { claims } = await open(primary, {
      address: `redis+sentinel://127.0.0.1:${sentinel}/claims`,
      breaker: { halfOpenAfterMs: 300 },
    });
    const batch = claimsOf(0, BATCH);
    await claims.claim(batch, KEEP_MS);
    await until("the replica has got them", async () => (await offsetOf(replica)) >= (await offsetOf(primary)));
    await primary.kill();
    const owners = await until("claims go on", () => claims.claim(claimsOf(0, BATCH, LATER), KEEP_MS));
    expect(ownsAll(owners, batch)).toBe(true);
    expect(await replica.client.role()).toEqual(expect.arrayContaining(["master"]));
    expect(claims.lossCount).toBe(0);
  });
});

/** How far the server has come in what primary and replica have in common. */
async function offsetOf(redis: OwnRedis): Promise<number> {
  const info = await redis.client.info("replication");
  return Number(/(?:slave|master)_repl_offset:(\d+)/.exec(info)?.[1] ?? Number.NaN);
}

const KIND_OF_AWAY = expect.stringMatching(/^(unavailable|unknownOutcome)$/);
const FAST_REPLICATION: RedisSettings = { "repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1" };

async function open(
  redis: OwnRedis,
  options: Partial<RedisClaimsOptions> = {},
): Promise<{ claims: RedisClaims; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const claims = await openRedisClaims({ address: redis.address, warn, ...options });
  onTestFinished(() => claims.close());
  return { claims, warnings };
}
