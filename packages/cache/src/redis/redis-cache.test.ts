import { ANSWERS_LOST } from "@millrace/harness/tcp-proxy";
import { describe, expect, it, onTestFinished } from "vitest";
import { cacheContract } from "../contract/index.ts";
import { openRedisCache } from "./redis-cache.ts";
import { keysOf, proxiedRedis, testRedis } from "./test-redis.ts";
import { STRETCH, stretched } from "./test-stretched.ts";

/** A busy machine takes its time to connect again. */
const POLL = { timeout: 15_000 };

cacheContract("Redis", {
  open: async () => {
    const { address, prefix, client } = await testRedis();
    const cache = await openRedisCache({ address, prefix, maxListenerBytes: 256 << 10 });
    return {
      cache: stretched(cache),
      advance: async (byMs) => {
        for (const key of await keysOf(client, prefix)) {
          const leftMs = await client.pttl(key);
          if (leftMs >= 0) await client.pexpire(key, Math.max(0, leftMs - byMs * STRETCH));
        }
      },
      dispose: () => cache.close(),
    };
  },
  listenerBytes: 2 << 20,
});

describe("the cache in Redis", () => {
  it("opens without its Redis, and fails with unavailable until it is there", async () => {
    const warnings: string[] = [];
    const cache = await openRedisCache({ address: "redis://127.0.0.1:1", warn: (message) => warnings.push(message) });
    onTestFinished(() => cache.close());
    expect(warnings).toEqual([expect.stringMatching(/did not answer .* Work goes on without the cache\.$/)]);
    await expect(cache.get("key")).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
    await expect(cache.subscribe("channel")).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("says that a write's outcome is not known when its answer does not come, and counts it once", async () => {
    const { cache, link, again } = await behindLink();
    await cache.increment("counter", 1, 60_000);
    await link.become(ANSWERS_LOST);
    await expect(cache.increment("counter", 1, 60_000)).rejects.toMatchObject({
      kind: "unknownOutcome",
      reason: "BACKEND_TIMEOUT",
    });
    await expect(cache.get("counter")).rejects.toMatchObject({ kind: "unavailable" });
    expect(await again.increment("counter", 1, 60_000)).toBe(3);
  });

  it("repeats what is safe to repeat over a connection that breaks, and connects again by itself", async () => {
    const { cache, link } = await behindLink();
    await cache.set("key", Buffer.from("value"), 60_000);
    link.cut();
    await expect
      .poll(() => cache.get("key").catch(() => undefined), POLL)
      .toEqual(new Uint8Array(Buffer.from("value")));
  });

  it("tells listeners when messages may have been missed, and takes new ones", async () => {
    const { cache, link } = await behindLink();
    const messages = await cache.subscribe("channel");
    const ended = (async () => {
      for await (const _ of messages) expect.unreachable();
    })();
    link.cut();
    await expect(ended).rejects.toMatchObject({ kind: "unavailable" });
    const subscribed = () => cache.subscribe("channel").then(Boolean, () => false);
    await expect.poll(subscribed, POLL).toBe(true);
  });

  it("calls no more once half of the calls fail, and says so by its breaker's state", async () => {
    const { cache, link } = await behindLink();
    expect(cache.breakerState).toBe("closed");
    await link.become({ refuses: true });
    link.cut();
    await Promise.allSettled(Array.from({ length: 20 }, () => cache.get("key")));
    expect(cache.breakerState).toBe("open");
    await expect(cache.get("key")).rejects.toMatchObject({ kind: "unavailable", retryAfterMs: 30_000 });
  });

  it("counts no value that is not a number", async () => {
    const { address, prefix } = await testRedis();
    const cache = await openRedisCache({ address, prefix });
    onTestFinished(() => cache.close());
    await cache.set("key", Buffer.from("value"), 60_000);
    await expect(cache.increment("key", 1, 60_000)).rejects.toMatchObject({ kind: "precondition" });
  });
});

async function behindLink() {
  const { address, prefix, link, linkAddress } = await proxiedRedis();
  const cache = await openRedisCache({ address: linkAddress, prefix, commandTimeoutMs: 250 });
  const again = await openRedisCache({ address, prefix });
  onTestFinished(async () => {
    await cache.close();
    await again.close();
  });
  return { cache, again, link };
}
