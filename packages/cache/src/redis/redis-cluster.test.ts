import { randomUUID } from "node:crypto";
import { redisCluster } from "@millrace/harness/servers";
import { Cluster } from "ioredis";
import { cacheContract, claimStoreContract } from "../contract/index.ts";
import { openRedisCache } from "./redis-cache.ts";
import { openRedisClaims } from "./redis-claims.ts";
import { STRETCH, stretched } from "./test-stretched.ts";

claimStoreContract("Redis Cluster", {
  open: async () => {
    const { url: address } = await redisCluster();
    const prefix = randomUUID();
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

cacheContract("Redis Cluster", {
  open: async () => {
    const { url: address } = await redisCluster();
    const prefix = randomUUID();
    const cache = await openRedisCache({ address, prefix, maxListenerBytes: 256 << 10 });
    const nodes = address.slice("redis+cluster://".length).split(",");
    const client = new Cluster(nodes.map((node) => `redis://${node}`));
    return {
      cache: stretched(cache),
      advance: async (byMs) => {
        // The keys of the contract's tests.
        for (const key of [`${prefix}:key`, `${prefix}:counter`]) {
          const leftMs = await client.pttl(key);
          if (leftMs >= 0) await client.pexpire(key, Math.max(0, leftMs - byMs * STRETCH));
        }
      },
      dispose: async () => {
        client.disconnect();
        await cache.close();
      },
    };
  },
  listenerBytes: 2 << 20,
});
