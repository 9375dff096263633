/** What a partition does while config, the claims or the store are away: it waits, says why, and loses or doubles nothing. */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  section,
  snapshotOf,
  statusOf,
  storedCounts,
  type TestBedOptions,
  untilCommitted,
  WEB,
} from "./test-bed.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
const site = definitionsOf("site", WEB);
const away = new Failure("unavailable", "BACKEND_UNAVAILABLE", "the backend is away");

async function bed(options: Partial<TestBedOptions> = {}) {
  const opened = await openTestBed({ definitions: [site], ...options });
  onTestFinished(() => opened.close());
  return opened;
}

async function stalledBecause(app: Parameters<typeof statusOf>[0]): Promise<string | undefined> {
  return (await statusOf(app)).partitions[0]?.stalled;
}

it("waits for a revision while config is away, says so, and then folds everything", async () => {
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  const known = snapshotOf(site);
  const snapshot = altered(known, {
    definitionsAt: async (projectId, revision) => {
      await back;
      return known.definitionsAt(projectId, revision);
    },
  });
  const one = await bed({ snapshot });
  const app = await one.start();
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await one.append([section("site", NOW, [pageView("a", "/", NOW), pageView("b", "/", NOW)])]);
  await vi.waitFor(async () => expect(await stalledBecause(app)).toContain('revision 1 of project "site"'), 5_000);
  expect(await one.eventLog.committed("millrace.processing", 0)).toBe(0);
  comeBack();
  await untilCommitted(one, 2);
  expect(await stalledBecause(app)).toBe("");
  await app.drain();
  expect(await storedCounts(one.cellStore, site, "accounting", "1h")).toEqual({ folded: 2, duplicate: 1 });
  expect(one.letters).toEqual([]);
});

it("waits for the claims, which may have been made though the answer was lost, and counts each id once", async () => {
  const one = await bed();
  let fails = 6;
  const claims = altered(one.claims, {
    claim: async (batch, until) => {
      if (fails-- <= 0) return one.claims.claim(batch, until);
      if (fails % 2 === 0) throw away;
      await one.claims.claim(batch, until);
      throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "the claims did not answer");
    },
  });
  const app = await one.start({ claims });
  const events = [pageView("a", "/", NOW), pageView("b", "/", NOW), pageView("a", "/", NOW)];
  await one.append([section("site", NOW, events)]);
  await vi.waitFor(async () => expect(await stalledBecause(app)).toMatch(/away|did not answer/), {
    timeout: 10_000,
    interval: 5,
  });
  await untilCommitted(one, 1);
  expect(await stalledBecause(app)).toBe("");
  await app.drain();
  expect(await storedCounts(one.cellStore, site, "accounting", "1h")).toEqual({ folded: 2, duplicate: 1 });
});

it("stops when it lags by more than claims are kept for, and says so", async () => {
  const one = await bed({ claimsExpire: true, clock: { now: () => Date.now() + 25 * HOUR } });
  const app = await one.start();
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await vi.waitFor(() => expect(one.failures).toHaveLength(1), 10_000);
  expect(await stalledBecause(app)).toContain("lags by 25 hours");
  await app.drain();
  expect(await one.eventLog.committed("millrace.processing", 0)).toBe(0);
  expect(await storedCounts(one.cellStore, site, "accounting", "1m")).toEqual({});
});

it("folds on after any lag where claims expire by the log's own time", async () => {
  const one = await bed({ clock: { now: () => Date.now() + 250 * HOUR } });
  const app = await one.start();
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await untilCommitted(one, 1);
  await app.drain();
  expect(one.failures).toEqual([]);
});

it("keeps every claim while a partition has not folded anything yet", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  const known = snapshotOf(site, definitionsOf("other", WEB));
  const snapshot = altered(known, {
    definitionsAt: async (projectId, revision) => {
      if (projectId === "site") await back;
      return known.definitionsAt(projectId, revision);
    },
  });
  let laterMs = 0;
  const clock = { now: () => Date.now() + laterMs };
  const definitions = [site, definitionsOf("other", WEB)];
  const one = await bed({ definitions, partitions: 2, clock, logClock: () => clock.now() });
  const event = section("site", NOW, [pageView("a", "/", NOW)]);
  await one.append([event]);
  const before = await one.start();
  await vi.waitFor(
    async () => expect(await storedCounts(one.cellStore, site, "pages", "1m")).toEqual({ "/": 1 }),
    10_000,
  );
  await before.drain();
  // The retry waits in the log for a week, while the other partition is at its end.
  await one.append([event]);
  const expired = vi.fn((nowMs: number) => one.claims.expire(nowMs));
  const claims = altered(one.claims, { expire: expired });
  laterMs = 5 * 24 * HOUR;
  const after = await one.start({ snapshot, claims });
  // Its claim is in another slot than the one that must stay.
  await one.append([section("other", NOW, [pageView("b", "/", NOW - HOUR)])], 1);
  await delay(50);
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(expired).toHaveBeenCalled(), 10_000);
  comeBack();
  const accounting = () => storedCounts(one.cellStore, site, "accounting", "1m");
  await vi.waitFor(async () => expect(await accounting()).toEqual({ folded: 1, duplicate: 1 }), 10_000);
  await after.drain();
});

it("ends a drain in time while the store is away; what was not stored is folded again", async () => {
  const one = await bed({ drainMs: 200 });
  const cellStore = altered(one.cellStore, { writeBlocks: () => Promise.reject(away) });
  const app = await one.start({ cellStore });
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await vi.waitFor(async () => expect(await stalledBecause(app)).toContain("away"), 10_000);
  const began = performance.now();
  await app.drain();
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(await one.eventLog.committed("millrace.processing", 0)).toBe(0);
  expect(one.failures).toEqual([]);
  const next = await one.start();
  await untilCommitted(one, 1);
  await next.drain();
  expect(await storedCounts(one.cellStore, site, "accounting", "1d+0")).toEqual({ folded: 1 });
});

it("ends a drain in time while folding waits for memory that only the store can free", async () => {
  const one = await bed({ drainMs: 200, blockBytesMax: 1 });
  const app = await one.start({ cellStore: altered(one.cellStore, { writeBlocks: () => Promise.reject(away) }) });
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await vi.waitFor(async () => expect(await stalledBecause(app)).toContain("away"), 10_000);
  await app.drain();
  expect(one.failures).toEqual([]);
  expect(await one.eventLog.committed("millrace.processing", 0)).toBe(0);
});

it("ends a drain in time while the claims are away", async () => {
  const one = await bed({ drainMs: 200 });
  const app = await one.start({ claims: altered(one.claims, { claim: () => Promise.reject(away) }) });
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await vi.waitFor(async () => expect(await stalledBecause(app)).toContain("away"), 10_000);
  await app.drain();
  expect(one.failures).toEqual([]);
});
