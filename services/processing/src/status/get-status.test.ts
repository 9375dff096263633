import { Failure } from "@millrace/failure";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  randomFrom,
  section,
  statusOf,
  type TestBedOptions,
  untilCommitted,
  WEB,
} from "../test-bed.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
const projects = ["one", "two"].map((id) => definitionsOf(id, WEB));

async function bed(options: Partial<TestBedOptions> = {}) {
  const opened = await openTestBed({ definitions: projects, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

async function balanceOf(app: Parameters<typeof statusOf>[0], projectId: string) {
  const { balance } = await statusOf(app, projectId);
  const { acceptedCount, foldedCount, duplicateCount, lateCount, deadLetteredCount, inFlightCount } = balance!;
  const counts = { acceptedCount, foldedCount, duplicateCount, lateCount, deadLetteredCount, inFlightCount };
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
}

it("balances: what ingest accepted is folded, duplicate, late, dead-lettered or in flight, over restarts too", async () => {
  const one = await bed();
  const random = randomFrom(23);
  const none = () => ({ accepted: 0, duplicate: 0, late: 0, dead: 0 });
  const oracle: Record<string, ReturnType<typeof none>> = { one: none(), two: none() };
  const seen = new Set<string>();
  let records = 0;
  let app = await one.start();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 30; i++, records++) {
      const sections = ["one", "two"].map((project) => {
        const counts = oracle[project]!;
        const events = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
          const id = `id-${Math.floor(random() * 200)}`;
          const event = pageView(id, "/", NOW - Math.floor(random() * 60_000));
          const stamped = { ...event, claimTimeMs: NOW };
          counts.accepted++;
          const fate = random();
          if (fate < 0.1) {
            counts.late++;
            return { ...stamped, late: true, timeMs: NOW - 60 * HOUR };
          }
          if (fate < 0.2) {
            counts.dead++;
            return { ...stamped, bytes: new Uint8Array([10, 200, 1]) };
          }
          if (seen.has(`${project}/${id}`)) counts.duplicate++;
          seen.add(`${project}/${id}`);
          return stamped;
        });
        return section(project, NOW, events);
      });
      await one.append(sections);
    }
    await untilCommitted(one, records);
    for (const [project, { accepted, duplicate, late, dead }] of Object.entries(oracle)) {
      expect(await balanceOf(app, project)).toEqual({
        acceptedCount: accepted,
        foldedCount: accepted - duplicate - late - dead,
        duplicateCount: duplicate,
        lateCount: late,
        deadLetteredCount: dead,
        inFlightCount: 0,
      });
    }
    await app.drain();
    app = await one.start();
  }
  await app.drain();
}, 30_000);

it("counts as in flight what is folded and not stored yet", async () => {
  const one = await bed({ drainMs: 100 });
  const away = new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
  let isAway = true;
  const cellStore = altered(one.cellStore, {
    writeBlocks: (blocks, options) => (isAway ? Promise.reject(away) : one.cellStore.writeBlocks(blocks, options)),
  });
  const app = await one.start({ cellStore });
  await one.append([section("one", NOW, [pageView("a", "/", NOW), pageView("b", "/", NOW), pageView("a", "/", NOW)])]);
  const waiting = { acceptedCount: 3, inFlightCount: 3, foldedCount: 0 };
  await vi.waitFor(async () => expect(await balanceOf(app, "one")).toMatchObject(waiting), 10_000);
  expect(await balanceOf(app, "two")).toMatchObject({ acceptedCount: 0, inFlightCount: 0 });
  isAway = false;
  const stored = { acceptedCount: 3, foldedCount: 2, duplicateCount: 1, inFlightCount: 0 };
  await vi.waitFor(async () => expect(await balanceOf(app, "one")).toMatchObject(stored), { timeout: 10_000 });
  await app.drain();
}, 30_000);

it("tells how far each partition is, and how far each of its tiers is stored", async () => {
  const one = await bed({ partitions: 2 });
  const app = await one.start();
  await one.append([section("one", NOW, [pageView("a", "/", NOW)])], 1);
  await vi.waitFor(
    async () => {
      const { partitions } = await statusOf(app);
      expect(partitions.map(({ partition, endOffset, nextOffset }) => [partition, endOffset, nextOffset])).toEqual([
        [0, 0n, 0n],
        [1, 1n, 1n],
      ]);
      expect(partitions[1]?.watermarks.map(({ tier, offset }) => [tier, offset])).toEqual(
        ["1m", "15m", "1h", "1d"].map((tier) => [tier, 1n]),
      );
      expect(partitions.map(({ stalled, committedOffset }) => [stalled, committedOffset])).toEqual([
        ["", 0n],
        ["", 1n],
      ]);
    },
    { timeout: 10_000, interval: 20 },
  );
  await app.drain();
}, 30_000);
