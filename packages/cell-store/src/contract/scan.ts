import { expect } from "vitest";
import type { CellStore } from "../cell-store.ts";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, scanAll, series } from "./samples.ts";

const everything = { ...series, fromBucket: 0, toBucket: 2 ** 32 };

export function scanTests({ test }: Suite): void {
  test("every source and slot of a bucket must be included", async (store) => {
    const blocks = [];
    for (const bucket of [0, 60, 120]) {
      for (const slot of [0, 1, 255])
        for (const source of ["1:0", "1:7", "r:1"]) blocks.push(blockOf({ bucket, slot, source }, 1));
    }
    await store.writeBlocks(blocks);
    const names = (await scanAll(store)).map(({ key }) => `${key.bucket} ${key.slot} ${key.source}`);
    expect(names.toSorted()).toEqual(blocks.map(({ key }) => `${key.bucket} ${key.slot} ${key.source}`).toSorted());
  });

  test("gives the first bucket, and not the end", async (store) => {
    await store.writeBlocks([60, 120, 180, 240].map((bucket) => blockOf({ bucket }, 1)));
    const found = await scanAll(store, { fromBucket: 120, toBucket: 240 });
    expect(found.map(({ key }) => key.bucket)).toEqual([120, 180]);
    expect(await scanAll(store, { fromBucket: 120, toBucket: 120 })).toEqual([]);
    expect(await scanAll(store, { fromBucket: 180, toBucket: 120 })).toEqual([]);
  });

  test("gives the buckets in order, over years, whatever the order of writing", async (store) => {
    const hours = [900_000, 3, 17_520, 26_280, 4, 8_760, 8_761, 0];
    for (const hour of hours) await store.writeBlocks([blockOf({ bucket: hour * 60 }, 1)]);
    const found = await scanAll(store);
    expect(found.map(({ key }) => key.bucket / 60)).toEqual(hours.toSorted((a, b) => a - b));
  });

  test("gives only the slots asked for", async (store) => {
    await store.writeBlocks(Array.from({ length: 64 }, (_, slot) => blockOf({ slot }, 1)));
    const found = await scanAll(store, { slots: [63, 5] });
    expect(found.map(({ key }) => key.slot).toSorted()).toEqual([5, 63]);
    expect(await scanAll(store, { slots: [] })).toEqual([]);
  });

  test("gives nothing of other series", async (store) => {
    const others = [{ projectId: "other" }, { family: "main@2" }, { generation: 2 }, { granularity: "15m" }];
    await store.writeBlocks(others.map((part) => blockOf(part, 1)));
    expect(await scanAll(store)).toEqual([]);
  });

  test("gives portions of bounded size, none empty", async (store) => {
    await store.writeBlocks(Array.from({ length: 1_000 }, (_, slot) => blockOf({ slot }, 1)));
    const sizes: number[] = [];
    for await (const portion of store.scan(everything)) sizes.push(portion.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000 / 2);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  test("bounds a portion by its bytes too", async (store) => {
    const blob = new Uint8Array(1024 * 1024);
    const large = Array.from({ length: 12 }, (_, slot) => ({ ...blockOf({ slot }, 1), blob }));
    await store.writeBlocks(large);
    const sizes: number[] = [];
    for await (const portion of store.scan(everything)) sizes.push(portion.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(12);
    expect(sizes.length).toBeGreaterThan(1);
  });

  test("stopping early must free what is held: the store still writes, scans and closes", async (store) => {
    await writeMany(store);
    for (let round = 0; round < 20; round++) {
      for await (const portion of store.scan(everything)) {
        expect(portion.length).toBeGreaterThan(0);
        break;
      }
    }
    await store.writeBlocks([blockOf({ slot: 60_000 }, 1)]);
    expect(await scanAll(store)).toHaveLength(1_001);
    await store.close();
  });

  test("an abort halfway ends the scan promptly", async (store) => {
    await writeMany(store);
    const abort = new AbortController();
    const scanning = (async () => {
      for await (const _ of store.scan(everything, { signal: abort.signal })) abort.abort();
    })();
    await expect(scanning).rejects.toMatchObject({ kind: "cancelled" });
  });

  test("a store that closes halfway ends the scan with unavailable (CLOSED)", async (store) => {
    await writeMany(store);
    const scanning = (async () => {
      for await (const _ of store.scan(everything)) await store.close();
    })();
    await expect(scanning).rejects.toMatchObject({ kind: "unavailable", reason: "CLOSED" });
  });
}

async function writeMany(store: CellStore): Promise<void> {
  await store.writeBlocks(Array.from({ length: 1_000 }, (_, slot) => blockOf({ slot }, 1)));
}
