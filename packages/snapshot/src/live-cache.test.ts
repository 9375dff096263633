import { Failure } from "@millrace/failure";
import { describe, expect, it, vi } from "vitest";
import { LiveCache } from "./live-cache.ts";

type Value = { readonly read: number };

/** A cache whose reads a test answers, and how many there were. */
function setUp(read: (count: number, cache: LiveCache<Value>) => Promise<Value>, now = () => 0) {
  const state = { reads: 0 };
  const cache: LiveCache<Value> = new LiveCache({
    read: () => {
      state.reads += 1;
      return read(state.reads, cache);
    },
    sizeOf: () => 1,
    now,
    entriesMax: 10,
    bytesMax: 10,
    absentMax: 10,
    loadsMax: 10,
    refreshMs: 1_000,
    absentMs: 1_000,
    failedReadPauseMs: 1_000,
    staleWaitMs: 20,
  });
  return { cache, state };
}

describe("a live cache", () => {
  it("does not read for ever what changes at each read, and does not take it for the newest either", async () => {
    const { cache, state } = setUp(async (read, self) => {
      if (read <= 3) self.changed("key");
      return { read };
    });
    expect(await cache.get("key")).toEqual({ read: 3 });
    expect(await cache.get("key")).toEqual({ read: 4 });
    expect(await cache.get("key")).toEqual({ read: 4 });
    expect(state.reads).toBe(4);
  });

  it("tries again at once when a change was told while a read failed", async () => {
    const { cache } = setUp(async (read, self) => {
      if (read === 2) {
        self.changed("key");
        throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "away");
      }
      return { read };
    });
    await cache.get("key");
    cache.allChanged();
    expect(await cache.get("key")).toEqual({ read: 1 });
    expect(await cache.get("key")).toEqual({ read: 3 });
  });

  it("serves what it knew when a read hangs, after a bounded time, and at once shortly after it failed", async () => {
    const { promise: hangs, reject } = Promise.withResolvers<Value>();
    let nowMs = 0;
    const { cache, state } = setUp(
      async (read) => (read === 2 ? hangs : { read }),
      () => nowMs,
    );
    await cache.get("key");
    cache.allChanged();
    expect(await cache.get("key")).toEqual({ read: 1 });
    reject(new Failure("unavailable", "BACKEND_UNAVAILABLE", "away"));
    await expect(hangs).rejects.toMatchObject({ kind: "unavailable" });
    expect(await cache.get("key")).toEqual({ read: 1 });
    expect(state.reads).toBe(2);
    // Tried again, which nobody waits for.
    nowMs = 2_000;
    expect(await cache.get("key")).toEqual({ read: 1 });
    await vi.waitFor(async () => expect(await cache.get("key")).toEqual({ read: 3 }), 10_000);
    expect(state.reads).toBe(3);
  });
});
