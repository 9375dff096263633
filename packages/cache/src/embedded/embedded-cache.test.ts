import { describe, expect, it, onTestFinished } from "vitest";
import { cacheContract } from "../contract/index.ts";
import { openEmbeddedCache } from "./embedded-cache.ts";

cacheContract("embedded", {
  open: async () => {
    let nowMs = 1_000_000;
    const cache = await openEmbeddedCache({ clock: () => nowMs, maxListenerBytes: 1 << 20 });
    return {
      cache,
      advance: async (byMs) => {
        nowMs += byMs;
      },
      dispose: () => cache.close(),
    };
  },
  listenerBytes: 1 << 20,
});

describe("the embedded cache", () => {
  it("forgets the least recently used values when they take more than maxBytes", async () => {
    const cache = await openEmbeddedCache({ maxBytes: 10_000 });
    onTestFinished(() => cache.close());
    for (let i = 0; i < 30; i++) {
      await cache.set(`key ${i}`, new Uint8Array(1000), 60_000);
      await cache.get("key 0");
    }
    expect(await cache.get("key 0")).toBeDefined();
    expect(await cache.get("key 29")).toBeDefined();
    expect(await cache.get("key 1")).toBeUndefined();
  });
});
