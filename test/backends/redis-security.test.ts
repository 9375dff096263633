import { inspect } from "node:util";
import { openRedisCache, openRedisClaims, type RedisClaimsOptions } from "@millrace/cache/redis";
import { makeCertificates } from "@millrace/harness/certificates";
import { lastingPort } from "@millrace/harness/ports";
import { describe, expect, it, onTestFinished } from "vitest";
import { OwnRedis } from "./own-redis.ts";
import { claimsOf, KEEP_MS, ownsAll } from "./redis-claim-batches.ts";
import { PERMITTED } from "./secured-redis.ts";

describe("a Redis that is reached by TLS", () => {
  it("takes claims and messages of who trusts its certificate's authority", async () => {
    const { address, tls } = await tlsServer();
    await expectWorking({ address, tls });
  });

  it("is refused by who does not trust the authority, with what to name", async () => {
    const { address } = await tlsServer();
    const { caFile } = await makeCertificates();
    for (const tls of [{ caFile }, {}]) {
      await expect(openRedisClaims({ address, tls })).rejects.toMatchObject({
        kind: "unavailable",
        message: "The certificate of the Redis of the claims is not trusted; name its authority's file as caFile.",
      });
    }
  });

  it("is refused when its certificate is another host's", async () => {
    const { address, tls } = await tlsServer();
    await expectWorking({ address, tls: { ...tls, serverName: "server.test" } });
    await expect(openRedisClaims({ address, tls: { ...tls, serverName: "other.test" } })).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("another host"),
    });
  });

  it("refuses who shows no certificate where it wants one, and takes who does", async () => {
    const { address, tls, files } = await tlsServer({ "tls-auth-clients": "yes" });
    await expect(openRedisClaims({ address, tls })).rejects.toMatchObject({ kind: "unavailable" });
    await expectWorking({ address, tls: files });
  });
});

describe("a Redis that wants a password", () => {
  it("takes its password, and a user who may do what Millrace needs", async () => {
    const redis = await OwnRedis.start({ requirepass: "right-secret" }, "right-secret");
    await redis.client.call("ACL", "SETUSER", "millrace", "on", ">users-secret", ...PERMITTED);
    await expectWorking({ address: `redis://:right-secret@127.0.0.1:${redis.port}` });
    await expectWorking({ address: `redis://millrace:users-secret@127.0.0.1:${redis.port}` });
  });

  it("is refused with a wrong password or none, which is said plainly and shown nowhere", async () => {
    const redis = await OwnRedis.start({ requirepass: "right-secret" }, "right-secret");
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const wrong = await failureOf(openRedisClaims({ address: `redis://:wrong-secret@127.0.0.1:${redis.port}`, warn }));
    expect(wrong).toMatchObject({
      kind: "unavailable",
      message: "The Redis of the claims does not take this name and password.",
    });
    const none = await failureOf(openRedisClaims({ address: redis.address, warn }));
    expect(none).toMatchObject({ kind: "unavailable", message: "The Redis of the claims wants a password." });
    const cache = await openRedisCache({ address: `redis://:wrong-secret@127.0.0.1:${redis.port}`, warn });
    onTestFinished(() => cache.close());
    const later = await failureOf(cache.set("key", new Uint8Array(1), 1000));
    expect(warnings).toEqual([expect.stringContaining("does not take this name and password")]);
    expect(inspect([wrong, none, later, warnings], { depth: 10, showHidden: true })).not.toContain("wrong-secret");
  });

  it("says that a user may not do what Millrace needs", async () => {
    const redis = await OwnRedis.start();
    await redis.client.call("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", "+info");
    const claims = openRedisClaims({ address: `redis://reader:secret@127.0.0.1:${redis.port}` });
    await expect(claims.then((store) => store.claim(claimsOf(0, 1), KEEP_MS))).rejects.toMatchObject({
      kind: "unavailable",
      message: "The Redis of the claims does not permit this user what Millrace needs.",
    });
  });
});

async function tlsServer(more: Readonly<Record<string, string>> = {}) {
  const files = await makeCertificates();
  const { caFile, certificateFile, keyFile } = files;
  const settings = { "tls-cert-file": certificateFile, "tls-key-file": keyFile, "tls-ca-cert-file": caFile };
  const port = await lastingPort();
  await OwnRedis.start({ "tls-port": String(port), "tls-auth-clients": "no", ...settings, ...more });
  return { address: `rediss://127.0.0.1:${port}`, tls: { caFile }, files };
}

async function expectWorking(options: RedisClaimsOptions): Promise<void> {
  const claims = await openRedisClaims(options);
  const cache = await openRedisCache(options);
  try {
    const batch = claimsOf(0, 100);
    expect(ownsAll(await claims.claim(batch, KEEP_MS), batch)).toBe(true);
    expect(await claims.expire(0)).toBe(0);
    const messages = await cache.subscribe("channel");
    await cache.publish("channel", Uint8Array.of(1));
    const { value } = await messages[Symbol.asyncIterator]().next();
    expect(value).toMatchObject({ channel: "channel" });
    expect(await cache.increment(`counter of ${options.address}`, 2, 60_000)).toBeGreaterThan(0);
  } finally {
    await claims.close();
    await cache.close();
  }
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}
