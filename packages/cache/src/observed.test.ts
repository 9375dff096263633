import { recordedMeter } from "@millrace/telemetry/testing";
import { metrics, trace } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { claims } from "./contract/claims-harness.ts";
import { cacheContract, claimStoreContract } from "./contract/index.ts";
import { openEmbeddedCache, openEmbeddedClaims } from "./embedded/index.ts";
import { observedCache, observedClaims } from "./observed.ts";

const tracer = trace.getTracer("test");
const silent = { meter: metrics.getMeter("test"), tracer };

claimStoreContract("an observed claim store", {
  open: async () => {
    const store = observedClaims(await openEmbeddedClaims({ directory: ":memory:" }), silent);
    const reopen = () => Promise.reject(new Error("A store in memory cannot be reopened."));
    return { store, reopen, dispose: () => store.close() };
  },
  except: [{ capability: "reopening", reason: "What is in memory goes with the store." }],
});

cacheContract("an observed cache", {
  open: async () => {
    let nowMs = 1_000_000;
    const cache = observedCache(await openEmbeddedCache({ clock: () => nowMs, maxListenerBytes: 1 << 20 }), silent);
    const advance = async (byMs: number) => {
      nowMs += byMs;
    };
    return { cache, advance, dispose: () => cache.close() };
  },
  listenerBytes: 1 << 20,
});

it("counts ids, hits, messages and errors", async () => {
  const { meter, values } = recordedMeter();
  const store = observedClaims(await openEmbeddedClaims({ directory: ":memory:" }), { meter, tracer });
  await store.claim(claims([{ id: "a", slot: 1, offset: 1 }]), 1000);
  await store.close();
  await expect(store.expire(0)).rejects.toMatchObject({ reason: "CLOSED" });
  const cache = observedCache(await openEmbeddedCache(), { meter, tracer });
  await cache.get("key");
  await cache.publish("channel", new Uint8Array(1));
  await cache.close();
  expect(values()).toEqual({
    "millrace.claims.duration claim": 1,
    "millrace.claims.duration expire": 1,
    "millrace.claims.ids claim": 1,
    "millrace.claims.errors expire unavailable": 1,
    "millrace.cache.duration get": 1,
    "millrace.cache.duration publish": 1,
    "millrace.cache.requests miss": 1,
    "millrace.cache.messages": 1,
  });
});
