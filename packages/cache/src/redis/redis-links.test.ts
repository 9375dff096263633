import { describe, expect, it, onTestFinished } from "vitest";
import { type Claim, claims } from "../contract/claims-harness.ts";
import { openRedisCache } from "./redis-cache.ts";
import { openRedisClaims, type RedisClaims } from "./redis-claims.ts";
import { proxiedRedis } from "./test-redis.ts";

const KEEP_MS = 4_000_000_000_000;
const SLOT = 28_000_000;
const COMMAND_MS = 250;
/** What a call may take at most: three attempts and their pauses, on a busy machine. */
const BOUND_MS = 5000;
/** A busy machine takes its time to connect again. */
const POLL = { timeout: 15_000 };

describe("claims over a bad link", () => {
  it("have the same owners when they are repeated after their answers were dropped, always", async () => {
    const { store, link } = await behindLink();
    for (let round = 0; round < 10; round++) {
      const batch = sequence(round * 100, 5000);
      await link.become({ toClient: { resetAfterBytes: 1 } });
      const owners = await untilAnswered(store, batch);
      // What the rounds before claimed stays theirs, and so do their positions.
      expect(Buffer.compare(owners, batch.positions)).toBe(0);
    }
  });

  it("have the same owners when the link was reset in the midst of requests, wherever that was", async () => {
    const { store, link, direct } = await behindLink();
    for (const bytes of [1, 40, 1000, 9000, 50_000, 120_000]) {
      const batch = sequence(bytes * 10_000, 5000);
      await link.become({ toServer: { resetAfterBytes: bytes } });
      expect(Buffer.compare(await untilAnswered(store, batch), batch.positions)).toBe(0);
      expect(Buffer.compare(await direct.lookup(batch), batch.positions)).toBe(0);
    }
  });

  it("fail in bounded time when nothing arrives any more, and go on over a new connection", async () => {
    const { store, link } = await behindLink();
    const batch = sequence(0, 100);
    await store.claim(batch, KEEP_MS);
    link.forget();
    const began = performance.now();
    await expect(Promise.race([store.claim(batch, KEEP_MS), store.ready()])).rejects.toMatchObject({
      kind: expect.stringMatching(/^(unknownOutcome|unavailable)$/),
    });
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    // The dead connection is given up by itself, though nobody ever ends it.
    expect(Buffer.compare(await untilAnswered(store, batch), batch.positions)).toBe(0);
  });

  it("wait no longer than whoever asks, whose patience counts nothing against the server", async () => {
    const { store, link } = await behindLink();
    link.forget();
    const began = performance.now();
    await expect(store.lookup(sequence(0, 10), { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      kind: "cancelled",
    });
    expect(performance.now() - began).toBeLessThan(COMMAND_MS);
  });
});

describe("listeners over a bad link", () => {
  it("are told when nothing arrives any more, though their connection never ends", async () => {
    const { prefix, link, linkAddress } = await proxiedRedis();
    const cache = await openRedisCache({
      address: linkAddress,
      prefix,
      commandTimeoutMs: COMMAND_MS,
      askEveryMs: 100,
    });
    onTestFinished(() => cache.close());
    const messages = await cache.subscribe("channel");
    link.forget();
    await expect(messages[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: "unavailable" });
    await expect.poll(() => cache.subscribe("channel").then(Boolean, () => false), POLL).toBe(true);
  });
});

async function behindLink() {
  const { address, prefix, link, linkAddress } = await proxiedRedis({ spareNewConnections: true });
  const direct = await openRedisClaims({ address, prefix });
  const store = await openRedisClaims({
    address: linkAddress,
    prefix,
    commandTimeoutMs: COMMAND_MS,
    // What a breaker does is tested elsewhere.
    breaker: { minCalls: 1_000_000 },
  });
  onTestFinished(async () => {
    await store.close();
    await direct.close();
  });
  return { store, direct, link };
}

/** Claims as processing does: again until it is answered. */
async function untilAnswered(store: RedisClaims, batch: ReturnType<typeof sequence>): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const claim = () => store.claim(batch, KEEP_MS).then(resolve, () => undefined);
  await expect.poll(() => Promise.race([promise.then(Boolean), claim().then(() => undefined)]), POLL).toBe(true);
  return promise;
}

function sequence(from: number, count: number) {
  return claims(
    Array.from({ length: count }, (_, i): Claim => ({ id: `id ${from + i}`, offset: from + i, slot: SLOT })),
  );
}
