import { expect } from "vitest";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, keyOf, textOf } from "./samples.ts";

export function readTests({ test }: Suite): void {
  test("gives blocks in the order of the keys, and undefined where there is none", async (store) => {
    await store.writeBlocks([blockOf({ slot: 1 }, 1, "one"), blockOf({ slot: 2 }, 1, "two")]);
    const found = await store.readBlocks([
      keyOf({ slot: 2 }),
      keyOf({ slot: 9 }),
      keyOf({ slot: 1 }),
      keyOf({ slot: 2 }),
    ]);
    expect(found.map(textOf)).toEqual(["two", undefined, "one", "two"]);
    expect(found[0]?.key).toEqual(keyOf({ slot: 2 }));
  });

  test("gives nothing for no keys", async (store) => {
    expect(await store.readBlocks([])).toEqual([]);
  });

  test("what was written durably before the call must be seen", async (store) => {
    for (let wts = 1; wts <= 20; wts++) {
      await store.writeBlocks([blockOf({}, wts)]);
      const [block] = await store.readBlocks([keyOf()]);
      expect(block?.wts).toBe(wts);
    }
  });

  test("tells blocks apart by each part of the key", async (store) => {
    const parts = [
      {},
      { projectId: "other" },
      { family: "main@2" },
      { generation: 2 },
      { granularity: "1d+60" },
      { granularity: "1d" },
      { bucket: 660 },
      { slot: 1 },
      { source: "1:1" },
      { source: "2:0" },
    ];
    await store.writeBlocks(parts.map((part, index) => blockOf(part, 1, `block ${index}`)));
    const found = await store.readBlocks(parts.map((part) => keyOf(part)));
    expect(found.map(textOf)).toEqual(parts.map((_, index) => `block ${index}`));
  });

  test("reads thousands of keys in one call", async (store) => {
    await store.writeBlocks(Array.from({ length: 2_000 }, (_, slot) => blockOf({ slot }, 1, `slot ${slot}`)));
    const found = await store.readBlocks(Array.from({ length: 2_000 }, (_, slot) => keyOf({ slot })));
    expect(found.every((block, slot) => textOf(block) === `slot ${slot}`)).toBe(true);
  });

  test("refuses a read whose signal is aborted", async (store) => {
    const read = store.readBlocks([keyOf()], { signal: AbortSignal.abort() });
    await expect(read).rejects.toMatchObject({ kind: "cancelled", reason: "CANCELLED" });
  });
}
