import { untimedClaimTime } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  section,
  storedCounts,
  untilCommitted,
  WEB,
} from "./test-bed.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);

async function bed(options: Partial<Parameters<typeof openTestBed>[0]> = {}) {
  const opened = await openTestBed({ definitions: [site], ...options });
  onTestFinished(() => opened.close());
  return opened;
}

it("stores every event once in every tier, and commits after that", async () => {
  const one = await bed();
  const app = await one.start();
  await one.append([
    section("site", NOW, [pageView("a", "/", NOW), pageView("b", "/", NOW), pageView("c", "/x", NOW)]),
  ]);
  await untilCommitted(one, 1);
  for (const tier of ["1m", "15m", "1h", "1d+0"]) {
    expect(await storedCounts(one.cellStore, site, "pages", tier)).toEqual({ "/": 2, "/x": 1 });
  }
  await app.drain();
});

it.each(["1m", "15m", "1h", "1d+0"])("commits nothing while a block of %s is not stored (P1)", async (tier) => {
  const one = await bed({ drainMs: 50 });
  const stored = new Set<string>();
  let watermarks = 0;
  const cellStore = altered(one.cellStore, {
    writeBlocks: async (blocks) => {
      if (blocks.some(({ key }) => key.granularity === tier)) {
        throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
      }
      await one.cellStore.writeBlocks(blocks);
      for (const { key } of blocks) stored.add(key.granularity);
    },
    writeStates: async (states) => {
      await one.cellStore.writeStates(states);
      if (stored.size === 3) watermarks++;
    },
  });
  const app = await one.start({ cellStore });
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await vi.waitFor(() => expect(stored.size).toBe(3), 10_000);
  // Who would commit when the others are stored would do it right after their watermarks, and a drain waits for that.
  await vi.waitFor(() => expect(watermarks).toBeGreaterThan(0), 10_000);
  await app.drain();
  expect(await one.eventLog.committed("millrace.processing", 0)).toBe(0);
  const next = await one.start();
  await untilCommitted(one, 1);
  await next.drain();
  expect(await storedCounts(one.cellStore, site, "pages", tier)).toEqual({ "/": 1 });
});

it("counts an id once: twice in a record, in two records, and again after a restart", async () => {
  const one = await bed();
  const app = await one.start();
  await one.append([section("site", NOW, [pageView("a", "/", NOW), pageView("a", "/", NOW)])]);
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await untilCommitted(one, 2);
  await app.drain();
  const again = await one.start();
  await one.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await untilCommitted(one, 3);
  await again.drain();
  expect(await storedCounts(one.cellStore, site, "pages", "1h")).toEqual({ "/": 1 });
  expect(await storedCounts(one.cellStore, site, "accounting", "1h")).toEqual({ folded: 1, duplicate: 3 });
});

it("accounts late events, and does not fold them", async () => {
  const one = await bed();
  const app = await one.start();
  const late = { late: true };
  await one.append([section("site", NOW, [pageView("a", "/", NOW), pageView("b", "/", NOW - 72 * 3_600_000, late)])]);
  await untilCommitted(one, 1);
  await app.drain();
  expect(await storedCounts(one.cellStore, site, "accounting", "1d+0")).toEqual({ folded: 1, late: 1 });
  expect(await storedCounts(one.cellStore, site, "pages", "1d+0")).toEqual({ "/": 1 });
});

it("sends what can't be decoded to dead letters, keyed by its position, and goes on (P4)", async () => {
  const one = await bed();
  const app = await one.start();
  const broken = { ...pageView("b", "/", NOW), bytes: new Uint8Array([10, 200, 1]) };
  await one.append([section("site", NOW, [pageView("a", "/", NOW), broken])]);
  await one.eventLog.append(0, new Uint8Array([1, 2, 3]));
  await one.append([section("nobody", NOW, [pageView("c", "/", NOW)])]);
  await one.append([section("site", NOW, [pageView("d", "/", NOW)])]);
  await untilCommitted(one, 4);
  await app.drain();
  expect(one.letters.map(({ position, projectId }) => ({ ...position, projectId }))).toEqual([
    { generation: 1, partition: 0, offset: 0, index: 1, projectId: "site" },
    { generation: 1, partition: 0, offset: 1, index: 0, projectId: "" },
    { generation: 1, partition: 0, offset: 2, index: 0, projectId: "nobody" },
  ]);
  expect(await storedCounts(one.cellStore, site, "accounting", "1m")).toEqual({ folded: 2, dead_lettered: 1 });
  expect(one.failures).toEqual([]);
});

it("counts an id without any time once, also when its retry comes on the next day", async () => {
  const one = await bed();
  const app = await one.start();
  const midnight = Math.ceil(NOW / 86_400_000) * 86_400_000;
  const received = (id: string, at: number) => pageView(id, "/", NOW, { claimTimeMs: untimedClaimTime(at) });
  const today = section("site", NOW, [received("a", midnight - 1), received("b", midnight + 1)]);
  await one.append([today]);
  await one.append([section("site", NOW, [received("a", midnight + 1), received("b", midnight - 1)])]);
  await untilCommitted(one, 2);
  await app.drain();
  expect(await storedCounts(one.cellStore, site, "accounting", "1h")).toEqual({ folded: 2, duplicate: 2 });
});
