import { ANSWERS_LOST } from "@millrace/harness/tcp-proxy";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Claim, claims, offsets } from "../contract/claims-harness.ts";
import { claimStoreContract } from "../contract/index.ts";
import { openRedisClaims } from "./redis-claims.ts";
import { type LinkFaults, proxiedRedis, testRedis } from "./test-redis.ts";

const KEEP_MS = 4_000_000_000_000;
const LIVE_SLOT = 28_000_000;

claimStoreContract("Redis", {
  open: async () => {
    const { address, prefix } = await testRedis();
    let store = await openRedisClaims({ address, prefix });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openRedisClaims({ address, prefix });
        return store;
      },
      dispose: () => store.close(),
    };
  },
});

describe("the claims in Redis", () => {
  it("finds every claim of a slot that has grown by many buckets, and forgets them all", async () => {
    const { address, prefix } = await testRedis();
    const store = await openRedisClaims({ address, prefix });
    onTestFinished(() => store.close());
    const batches = Array.from({ length: 10 }, (_, batch) => sequence(batch * 3000, 3000));
    for (const batch of batches) await store.claim(batch, KEEP_MS);
    for (const batch of batches) {
      expect(Buffer.compare(await store.lookup(batch), batch.positions)).toBe(0);
      const others = { ...batch, positions: sequence(1_000_000, 3000).positions };
      expect(Buffer.compare(await store.claim(others, KEEP_MS), batch.positions)).toBe(0);
    }
    await store.release(batches[3]!);
    expect(offsets(await store.lookup(batches[3]!))).toEqual(new Array(3000).fill(-1));
    expect(await store.expire(KEEP_MS + 86_400_000)).toBe(27_000);
  });

  it("finds every claim of slots that follow each other, each many times as large or as small as the one before", async () => {
    const { address, prefix } = await testRedis();
    const store = await openRedisClaims({ address, prefix });
    onTestFinished(() => store.close());
    const batches = [6000, 500, 12_000, 1, 3000].map((count, i) => sequence(i * 20_000, count, LIVE_SLOT + i));
    for (const batch of batches) await store.claim(batch, KEEP_MS);
    for (const batch of batches) expect(Buffer.compare(await store.lookup(batch), batch.positions)).toBe(0);
    await store.release(batches[1]!);
    expect(Buffer.compare(await store.claim(batches[1]!, KEEP_MS), batches[1]!.positions)).toBe(0);
    for (const batch of batches) expect(Buffer.compare(await store.claim(batch, KEEP_MS), batch.positions)).toBe(0);
    expect(await store.expire(KEEP_MS + 86_400_000)).toBe(21_501);
  });

  it("claims again by itself when an answer is lost, and gives the same owners", async () => {
    const { store, link } = await behindLink({ spareNewConnections: true });
    const batch = sequence(0, 100);
    await link.become({ toClient: { resetAfterBytes: 1 } });
    const owners = await store.claim(batch, KEEP_MS).catch(() => store.claim(batch, KEEP_MS));
    expect(Buffer.compare(owners, batch.positions)).toBe(0);
  });

  it("says that it does not know the outcome when no answer comes, and claiming all again is safe", async () => {
    const { store, link, address, prefix } = await behindLink();
    const batch = sequence(0, 100);
    await link.become(ANSWERS_LOST);
    await expect(store.claim(batch, KEEP_MS)).rejects.toMatchObject({ kind: "unknownOutcome" });
    await expect(store.ready()).rejects.toMatchObject({ kind: "unavailable" });
    const other = await openRedisClaims({ address, prefix });
    onTestFinished(() => other.close());
    expect(Buffer.compare(await other.claim(batch, KEEP_MS), batch.positions)).toBe(0);
  });

  it("fails with unavailable when no server is at the address", async () => {
    await expect(openRedisClaims({ address: "redis://127.0.0.1:1" })).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("tells when the claims were emptied since they were opened", async () => {
    const { address, prefix, client } = await testRedis();
    const warnings: string[] = [];
    const store = await openRedisClaims({ address, prefix, warn: (message) => warnings.push(message) });
    onTestFinished(() => store.close());
    await store.expire(0);
    expect(warnings.join()).not.toContain("emptied");
    await client.unlink(`${prefix}:{0}b`);
    await store.expire(0);
    expect(warnings.join()).toContain("emptied");
  });

  it("takes at most 32 bytes a claim of a dense stream", async () => {
    const { address, prefix, client } = await testRedis();
    const store = await openRedisClaims({ address, prefix });
    onTestFinished(() => store.close());
    const count = 60_000;
    for (let from = 0; from < count; from += 2000) await store.claim(sequence(from, 2000), KEEP_MS);
    let bytes = 0;
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 10_000 })) {
      const usage = await Promise.all((keys as string[]).map((key) => client.memory("USAGE", key)));
      // USAGE leaves out the entry in the table of keys.
      for (const each of usage) bytes += (each ?? 0) + 32;
    }
    expect(bytes / count).toBeLessThanOrEqual(32);
  });
});

async function behindLink(faults: LinkFaults = {}) {
  const { address, prefix, link, linkAddress } = await proxiedRedis(faults);
  const store = await openRedisClaims({ address: linkAddress, prefix, commandTimeoutMs: 250 });
  onTestFinished(() => store.close());
  return { store, link, address, prefix };
}

function sequence(from: number, count: number, slot = LIVE_SLOT) {
  const list = Array.from({ length: count }, (_, i): Claim => ({ id: `id ${from + i}`, offset: from + i, slot }));
  return claims(list);
}
