import { expect } from "vitest";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, readText, scanAll } from "./samples.ts";

export function writeTests({ test, reopen, largeCall }: Suite): void {
  test("gives back what was written", async (store) => {
    await store.writeBlocks([blockOf({}, 7, "cells")]);
    expect(await readText(store)).toBe("cells");
  });

  const durable = "must not resolve before all are durable";
  test(
    durable,
    async (store) => {
      const blocks = Array.from({ length: 3_000 }, (_, slot) => blockOf({ slot }, 7));
      await store.writeBlocks(blocks);
      const again = await reopen(store);
      expect(await scanAll(again)).toHaveLength(3_000);
      expect(await readText(again, { slot: 2_999 })).toBe("at 7");
    },
    "reopen",
  );

  test("keeps the state with the higher write time when the lower one arrives later", async (store) => {
    await store.writeBlocks([blockOf({}, 9)]);
    await store.writeBlocks([blockOf({}, 8)]);
    expect(await readText(store)).toBe("at 9");
  });

  test("of two states of a block in one call the one with the higher write time must stay", async (store) => {
    await store.writeBlocks([blockOf({}, 9), blockOf({}, 8), blockOf({ slot: 1 }, 8), blockOf({ slot: 1 }, 9)]);
    expect(await readText(store)).toBe("at 9");
    expect(await readText(store, { slot: 1 })).toBe("at 9");
  });

  test("keeps the write time beside the blob, up to the largest safe integer", async (store) => {
    await store.writeBlocks([blockOf({}, Number.MAX_SAFE_INTEGER)]);
    const [block] = await scanAll(store);
    expect(block?.wts).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("writing the same state again must change nothing", async (store) => {
    await store.writeBlocks([blockOf({}, 9)]);
    const before = await scanAll(store);
    await store.writeBlocks([blockOf({}, 9)]);
    expect(await scanAll(store)).toEqual(before);
  });

  test("ends with the same bytes whichever of two states with one write time arrives first", async (store) => {
    const [one, other] = [blockOf({}, 9, "abc"), blockOf({}, 9, "abd")];
    await store.writeBlocks([one]);
    await store.writeBlocks([other]);
    await store.writeBlocks([{ ...other, key: { ...other.key, slot: 1 } }]);
    await store.writeBlocks([{ ...one, key: { ...one.key, slot: 1 } }]);
    expect(await readText(store, { slot: 0 })).toBe(await readText(store, { slot: 1 }));
  });

  const kept = "must keep a block for as long as its last write said";
  test(kept, async (store) => {
    // A day at least: that a block is gone afterwards is for the backend's own test.
    const writes = [undefined, 1_440, 90 * 1_440, 3_674 * 1_440].map((keepMinutes, slot) => ({
      ...blockOf({ slot }, 7),
      keepMinutes,
    }));
    await store.writeBlocks(writes);
    const blocks = writes.map(({ key, wts, blob }) => ({ key, wts, blob }));
    expect(await store.readBlocks(blocks.map(({ key }) => key))).toEqual(blocks);
    expect(await scanAll(store)).toHaveLength(4);
    const again = { ...blockOf({ slot: 1 }, 8), keepMinutes: 3 * 1_440 };
    await store.writeBlocks([again, again, { ...blockOf({ slot: 3 }, 8), keepMinutes: 1_440 }]);
    expect(await readText(store, { slot: 1 })).toBe("at 8");
    expect(await scanAll(store)).toHaveLength(4);
  });

  test("takes an empty blob and an empty call", async (store) => {
    await store.writeBlocks([]);
    await store.writeBlocks([blockOf({}, 1, "")]);
    expect(await readText(store)).toBe("");
  });

  test("lets other work run while it writes a large call", async (store) => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await store.writeBlocks(Array.from({ length: largeCall }, (_, slot) => blockOf({ slot }, 7)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  test("refuses a call whose signal is aborted, and writes nothing", async (store) => {
    const signal = AbortSignal.abort();
    await expect(store.writeBlocks([blockOf({}, 1)], { signal })).rejects.toMatchObject({ kind: "cancelled" });
    expect(await readText(store)).toBeUndefined();
  });

  test("after an abort halfway writing all of it again must be safe", async (store) => {
    const blocks = Array.from({ length: largeCall }, (_, slot) => blockOf({ slot }, 7));
    const abort = new AbortController();
    const writing = store.writeBlocks(blocks, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await writing.catch((error: unknown) => expect(error).toMatchObject({ kind: "cancelled" }));
    await store.writeBlocks(blocks);
    expect(await scanAll(store)).toHaveLength(largeCall);
  });
}
