import { Failure } from "@millrace/failure";
import { recordedMeter } from "@millrace/telemetry/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Breaker, observeBreaker } from "./breaker.ts";

const AWAY = new Failure("unavailable", "BACKEND_UNAVAILABLE", "away");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a breaker", () => {
  it("opens when more than half of a minute's calls fail, and then calls nothing", async () => {
    const breaker = new Breaker("The Redis of tests");
    await call(breaker, "good", 30);
    await call(breaker, "bad", 25);
    expect(breaker.state).toBe("closed");
    await call(breaker, "bad", 10);
    expect(breaker.state).toBe("open");
    const work = vi.fn();
    await expect(breaker.run(work)).rejects.toMatchObject({ kind: "unavailable", retryAfterMs: 30_000 });
    expect(work).not.toHaveBeenCalled();
  });

  it("stays closed while there are less than 20 calls a minute", async () => {
    const breaker = new Breaker("The Redis of tests");
    for (let call = 0; call < 30; call++) {
      await expect(breaker.run(() => Promise.reject(AWAY))).rejects.toBe(AWAY);
      vi.advanceTimersByTime(5000);
    }
    expect(breaker.state).toBe("closed");
  });

  it("forgets failures of more than a minute ago", async () => {
    const breaker = new Breaker("The Redis of tests");
    await call(breaker, "good", 15);
    await call(breaker, "bad", 14);
    vi.advanceTimersByTime(61_000);
    await call(breaker, "good", 10);
    await call(breaker, "bad", 9);
    await call(breaker, "good", 1);
    await call(breaker, "bad", 1);
    expect(breaker.state).toBe("closed");
    await call(breaker, "bad", 2);
    expect(breaker.state).toBe("open");
  });

  it("lets a single call through after 30 s, which closes it or keeps it open for 30 s more", async () => {
    const breaker = new Breaker("The Redis of tests");
    await call(breaker, "bad", 25);
    vi.advanceTimersByTime(29_000);
    await expect(breaker.run(async () => "came through")).rejects.toMatchObject({ kind: "unavailable" });
    vi.advanceTimersByTime(1001);
    await call(breaker, "bad", 1);
    await expect(breaker.run(async () => "came through")).rejects.toMatchObject({ kind: "unavailable" });
    vi.advanceTimersByTime(30_001);
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = breaker.run(() => promise);
    expect(breaker.state).toBe("halfOpen");
    resolve("came through");
    await expect(first).resolves.toBe("came through");
    expect(breaker.state).toBe("closed");
  });

  it("takes no offence at refusals that say nothing of the server's health", async () => {
    const breaker = new Breaker("The Redis of tests");
    const invalid = Failure.invalidField("key", "is wrong");
    for (let call = 0; call < 40; call++)
      await expect(breaker.run(() => Promise.reject(invalid))).rejects.toBe(invalid);
    expect(breaker.state).toBe("closed");
  });

  it("tells which state it is in, and that it is in no other", () => {
    const { meter, values } = recordedMeter();
    const from: { breakerState: Breaker["state"] } = { breakerState: "closed" };
    observeBreaker(meter, "claims", from);
    for (const [state, word] of Object.entries({ closed: "closed", halfOpen: "half_open", open: "open" })) {
      from.breakerState = state as Breaker["state"];
      expect(values()).toEqual({ [`millrace.breaker.state claims ${word}`]: 1 });
    }
    expect(Object.keys(values("", true))).toHaveLength(3);
  });
});

/** So many calls one after the other; a breaker that opens meanwhile refuses the rest. */
async function call(breaker: Breaker, how: "good" | "bad", count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await breaker.run(() => (how === "good" ? Promise.resolve() : Promise.reject(AWAY))).catch(() => {});
  }
}
