/** A watermark is never ahead of what is stored, through failing writes, crashes and zombies; and it goes on while idle. */
import { setTimeout as delay } from "node:timers/promises";
import { type CellStore, type StoredBlock, type StoredState, WATERMARK_KIND, watermarkOf } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import { TIERS } from "@millrace/rollup";
import { expect, it, onTestFinished, vi } from "vitest";
import { altered, definitionsOf, openTestBed, pageView, randomFrom, section, storedCounts, WEB } from "./test-bed.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);
const KEYS = { "1m": "1m", "15m": "15m", "1h": "1h", "1d": "1d+0" } as const;

type Bed = Awaited<ReturnType<typeof openTestBed>>;

async function open(): Promise<Bed> {
  const bed = await openTestBed({ definitions: [site] });
  onTestFinished(() => bed.close());
  return bed;
}

async function marks(store: CellStore) {
  const found = (await store.readStates(WATERMARK_KIND)).map(watermarkOf);
  return new Map(found.map((mark) => [mark.tier, mark]));
}

/** Fails writes at random, and looks at every watermark that is written, before it is. */
function checked(bed: Bed, random: () => number, appendTimes: readonly number[], problems: string[]): CellStore {
  const { cellStore } = bed;
  return altered(cellStore, {
    writeBlocks: async (blocks: readonly StoredBlock[]) => {
      const fate = random();
      if (fate < 0.2) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
      if (fate < 0.4) {
        await cellStore.writeBlocks(blocks.slice(0, Math.floor(blocks.length / 2)));
        throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "the store did not answer");
      }
      await delay(Math.floor(random() * 10));
      await cellStore.writeBlocks(blocks);
    },
    writeStates: async (states: readonly StoredState[]) => {
      for (const state of states) {
        if (state.kind !== WATERMARK_KIND) continue;
        const { tier, offset, timeMs } = watermarkOf(state);
        const pages = await storedCounts(cellStore, site, "pages", KEYS[tier as keyof typeof KEYS]);
        // Each record has a page of its own.
        for (let record = 0; record < offset || (appendTimes[record] ?? timeMs) < timeMs; record++) {
          if (pages[`/${record}`] !== 1)
            problems.push(`${tier} at ${offset}, ${timeMs}: record ${record} is not stored`);
        }
      }
      await cellStore.writeStates(states);
    },
  });
}

it("says nothing is stored that is not, while writes fail and processors come and go", async () => {
  const bed = await open();
  const random = randomFrom(11);
  const problems: string[] = [];
  const written: string[] = [];
  const appendTimes: number[] = [];
  const append = async (records: number) => {
    for (let i = 0; i < records; i++) {
      const record = appendTimes.length;
      const { appendTimeMs } = await bed.append([section("site", NOW, [pageView(`id-${record}`, `/${record}`, NOW)])]);
      appendTimes.push(appendTimeMs);
      if (random() < 0.5) await delay(Math.floor(random() * 8));
    }
  };
  for (let round = 0; round < 4; round++) {
    const store = checked(bed, random, appendTimes, problems);
    const cellStore = altered(store, {
      writeStates: async (states: readonly StoredState[]) => {
        for (const state of states) if (state.kind === WATERMARK_KIND) written.push(state.name);
        await store.writeStates(states);
      },
    });
    const app = await bed.start({ cellStore });
    await append(30);
    // The last one is left to itself: it comes to the log's end.
    const reachesEnd = async () => {
      const all = await marks(bed.cellStore);
      for (const tier of TIERS) expect(all.get(tier)?.offset).toBe(appendTimes.length);
    };
    if (round === 3) await vi.waitFor(reachesEnd, { timeout: 10_000, interval: 50 });
    await app.drain();
  }
  expect(problems).toEqual([]);
  expect(new Set(written)).toEqual(new Set(TIERS));
}, 30_000);

it("goes on while nothing happens, at once after a restart too", async () => {
  const bed = await open();
  const app = await bed.start();
  await bed.append([section("site", NOW, [pageView("a", "/0", NOW)])]);
  const passes = async (moment: number) => {
    const all = await marks(bed.cellStore);
    for (const tier of TIERS) expect(all.get(tier)?.timeMs ?? 0).toBeGreaterThan(moment);
  };
  const quiet = Date.now() + 500;
  await vi.waitFor(() => passes(quiet), { timeout: 10_000, interval: 50 });
  await app.drain();
  const stopped = Date.now();
  const next = await bed.start();
  await vi.waitFor(() => passes(stopped), { timeout: 10_000, interval: 50 });
  await next.drain();
}, 30_000);

it("does not pass records that a drain leaves to the next owner, though the log's end is reached behind them", async () => {
  const bed = await open();
  const { eventLog } = bed;
  await bed.append([section("site", NOW, [pageView("a", "/0", NOW)])]);
  let idles = 0;
  let leftMs = 0;
  const join: Bed["eventLog"]["join"] = async (group, handler, options) => {
    const assigned: typeof handler.assigned = async (owned) => {
      const partition = await handler.assigned(owned);
      const idle = (timeMs: number) => {
        partition.idle(timeMs);
        idles++;
      };
      return { ...bound(partition), records: (records) => partition.records(records), idle };
    };
    const member = await eventLog.join(group, { ...handler, assigned }, options);
    const leave = async () => {
      // The drain has begun: what is appended now is handed over, and not folded.
      leftMs = (await bed.append([section("site", NOW, [pageView("b", "/1", NOW)])])).appendTimeMs;
      const before = idles;
      await vi.waitFor(() => expect(idles).toBeGreaterThan(before + 1), { timeout: 10_000 });
      await member.leave();
    };
    return { leave };
  };
  const app = await bed.start({ eventLog: altered(eventLog, { join }) });
  await vi.waitFor(async () => expect((await marks(bed.cellStore)).get("1d")?.offset).toBe(1), { timeout: 10_000 });
  await app.drain();
  expect(await storedCounts(bed.cellStore, site, "pages", "1m")).toEqual({ "/0": 1 });
  for (const { timeMs } of (await marks(bed.cellStore)).values()) expect(timeMs).toBeLessThanOrEqual(leftMs);
}, 30_000);

it("is not moved back by a zombie that folds what was folded long ago", async () => {
  const bed = await open();
  for (let i = 0; i < 5; i++) {
    await bed.append([section("site", NOW, [pageView(`id-${i}`, `/${i}`, NOW)])]);
    await delay(2);
  }
  const app = await bed.start();
  await vi.waitFor(async () => expect((await marks(bed.cellStore)).get("1d")?.offset).toBe(5), { timeout: 10_000 });
  await app.drain();
  const before = await marks(bed.cellStore);
  // A group of its own stands for one that does not know that it was replaced: it is handed the first records only.
  const { eventLog } = bed;
  const zombie = altered(eventLog, {
    join: (_, handler, options) => {
      const assigned: typeof handler.assigned = async (owned) => {
        const partition = await handler.assigned(owned);
        return { ...bound(partition), records: (records) => partition.records(records.slice(0, 2)), idle() {} };
      };
      return eventLog.join("zombies", { ...handler, assigned }, options);
    },
  });
  const written = vi.fn((states: readonly StoredState[]) => bed.cellStore.writeStates(states));
  const late = await bed.start({ eventLog: zombie, cellStore: altered(bed.cellStore, { writeStates: written }) });
  await vi.waitFor(() => expect(written).toHaveBeenCalled(), 10_000);
  await late.drain();
  expect(await marks(bed.cellStore)).toEqual(before);
}, 30_000);

function bound(handler: { revoke(): Promise<void> }) {
  return { revoke: () => handler.revoke() };
}

it("writes a watermark when it has moved, and not with each flush of another tier", async () => {
  const bed = await open();
  const written: string[] = [];
  const cellStore = altered(bed.cellStore, {
    writeStates: async (states: readonly StoredState[]) => {
      for (const state of states) {
        if (state.kind !== WATERMARK_KIND) continue;
        const { tier, offset, timeMs } = watermarkOf(state);
        written.push(`${tier} ${offset} ${timeMs}`);
      }
      await bed.cellStore.writeStates(states);
    },
  });
  const app = await bed.start({ cellStore });
  for (let i = 0; i < 10; i++) {
    await bed.append([section("site", NOW, [pageView(`id-${i}`, "/", NOW)])]);
    await vi.waitFor(async () => expect((await marks(bed.cellStore)).get("1m")?.offset).toBe(i + 1), 10_000);
  }
  await app.drain();
  expect(new Set(written).size).toBe(written.length);
  expect([...(await marks(bed.cellStore)).values()].map(({ offset }) => offset)).toEqual([10, 10, 10, 10]);
});
