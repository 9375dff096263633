import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { RetentionSchema } from "@millrace/api/millrace/config/v1/project_pb";
import type { BlockKey, CellStore } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { minuteOf } from "@millrace/rollup";
import { silentLogger } from "@millrace/runtime";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  section,
  snapshotOf,
  storedCounts,
  untilCommitted,
  WEB,
} from "../test-bed.ts";
import { Retention } from "./retention.ts";

const DAY_MS = 86_400_000;
const DAY = 1440;
const NOW = Date.UTC(2026, 5, 15);
const site = definitionsOf("site", WEB);
const brief = definitionsOf("brief", WEB);
brief.retention = create(RetentionSchema, { minute: durationFromMs(DAY_MS) });

async function storeWith(...blocks: readonly { project: string; granularity: string; ageDays: number }[]) {
  const store = await openEmbeddedCellStore({ directory: ":memory:" });
  onTestFinished(() => store.close());
  await store.writeBlocks(
    blocks.map(({ project, granularity, ageDays }) => {
      const place = { family: "main@1", generation: 1, slot: 0, source: "1:0" };
      const key: BlockKey = { projectId: project, granularity, bucket: minuteOf(NOW) - ageDays * DAY, ...place };
      return { key, wts: 1, blob: new Uint8Array([1]) };
    }),
  );
  return store;
}

async function ages(store: CellStore, projectId: string, granularity: string): Promise<number[]> {
  const found: number[] = [];
  const range = { projectId, family: "main@1", generation: 1, granularity, fromBucket: 0, toBucket: 2 ** 31 };
  for await (const blocks of store.scan(range)) {
    for (const { key } of blocks) found.push((minuteOf(NOW) - key.bucket) / DAY);
  }
  return found;
}

function retentionOf(store: CellStore, foldedMs = () => NOW): Retention {
  return new Retention({ store, snapshot: snapshotOf(site, brief), foldedMs, log: silentLogger() });
}

it("forgets what is past its retention by more than two weeks, and nothing of what is kept for ever", async () => {
  const store = await storeWith(
    ...[20, 21, 22, 400].map((ageDays) => ({ project: "site", granularity: "1m", ageDays })),
    ...[409, 410, 411].map((ageDays) => ({ project: "site", granularity: "15m", ageDays })),
    ...["1h", "1d+0"].map((granularity) => ({ project: "site", granularity, ageDays: 4000 })),
    ...[15, 16].map((ageDays) => ({ project: "brief", granularity: "1m", ageDays })),
    { project: "silent", granularity: "1m", ageDays: 400 },
  );
  const retention = retentionOf(store);
  for (const project of ["site", "gone", "brief"]) retention.note(project);
  for (let i = 0; i < 6; i++) await retention.step();
  expect(await ages(store, "site", "1m")).toEqual([21, 20]);
  expect(await ages(store, "site", "15m")).toEqual([410, 409]);
  expect(await ages(store, "site", "1h")).toEqual([4000]);
  expect(await ages(store, "site", "1d+0")).toEqual([4000]);
  expect(await ages(store, "brief", "1m")).toEqual([15]);
  expect(await ages(store, "silent", "1m")).toEqual([400]);
});

it("comes to every project in turn, stays with one that has more, and passes over one that fails", async () => {
  const store = await storeWith();
  const asked: string[] = [];
  const more = new Map([["brief", 2]]);
  const watched = Object.assign(Object.create(store), {
    expire: async (projectId: string, granularity: string) => {
      if (granularity !== "1m") return 0;
      asked.push(projectId);
      if (projectId === "site") throw new Error("no");
      const left = more.get(projectId) ?? 0;
      more.set(projectId, left - 1);
      return Math.max(0, left);
    },
  });
  const retention = retentionOf(watched);
  for (const project of ["site", "brief"]) retention.note(project);
  for (let i = 0; i < 6; i++) await retention.step();
  expect(asked).toEqual(["site", "brief", "brief", "brief", "site", "brief"]);
});

it("forgets nothing while it is not known how far the fold is", async () => {
  const store = await storeWith({ project: "site", granularity: "1m", ageDays: 400 });
  const retention = retentionOf(store, () => 0);
  retention.note("site");
  await retention.step();
  expect(await ages(store, "site", "1m")).toEqual([400]);
});

it("goes on beside the fold, for projects that send", async () => {
  const bed = await openTestBed({ definitions: [site] });
  onTestFinished(() => bed.close());
  const now = Date.now();
  const bucket = minuteOf(now) - 400 * DAY;
  const place = { family: "main@1", generation: 1, slot: 0, source: "1:0" };
  const old = { projectId: "site", granularity: "1m", bucket, ...place };
  await bed.cellStore.writeBlocks([{ key: old, wts: 1, blob: new Uint8Array([1]) }]);
  const app = await bed.start();
  await bed.append([section("site", now, [pageView("a", "/", now)])]);
  const left = async () => (await bed.cellStore.readBlocks([old]))[0];
  await vi.waitFor(async () => expect(await left()).toBeUndefined(), { timeout: 10_000, interval: 50 });
  await app.drain();
  expect(await storedCounts(bed.cellStore, site, "pages", "1m")).toEqual({ "/": 1 });
});

it("stores each block for its project's retention and two weeks more, and for ever where that is for ever", async () => {
  const long = definitionsOf("long", WEB);
  long.retention = create(RetentionSchema, {
    minute: durationFromMs(90 * DAY_MS),
    quarterHour: durationFromMs(3_660 * DAY_MS),
  });
  const store = await storeWith();
  const days = new Map<string, unknown>();
  const watched = altered<CellStore>(store, {
    writeBlocks: (blocks, options) => {
      for (const { key, keepMinutes } of blocks) {
        days.set(`${key.projectId} ${key.granularity}`, keepMinutes === undefined ? "for ever" : keepMinutes / DAY);
      }
      return store.writeBlocks(blocks, options);
    },
  });
  const bed = await openTestBed({ definitions: [site, long], cellStore: watched });
  onTestFinished(() => bed.close());
  const now = Date.now();
  await bed.append([section("site", now, [pageView("a", "/", now)]), section("long", now, [pageView("b", "/", now)])]);
  const app = await bed.start();
  await untilCommitted(bed, 1);
  await app.drain();
  expect(Object.fromEntries(days)).toEqual({
    "site 1m": 21,
    "site 15m": 410,
    "site 1h": "for ever",
    "site 1d+0": "for ever",
    "long 1m": 104,
    "long 15m": 3_674,
    "long 1h": "for ever",
    "long 1d+0": "for ever",
  });
});
